import { userHash } from '../../common/users/user-hash.ts'
import type { UserKey } from '../../common/user-id.ts'
import { Stream } from '../delivery/stream.ts'
import type { Connection } from './connection.ts'

/** A user's own stream, with the connections of this node that follow it. */
export class UserStream extends Stream<UserKey> {
  connections: Connection[] = []
  /** Pending until the broker forwards the user's messages to this node; null from then on. */
  subscribing: Promise<void> | null = null
  /** When the last connection left, in milliseconds of the node's monotonic clock. */
  emptySince = 0
  #hash = -1

  /** The `userHash` of the user, computed once. */
  get hash(): number {
    if (this.#hash < 0) this.#hash = userHash(this.userKey)
    return this.#hash
  }
}
