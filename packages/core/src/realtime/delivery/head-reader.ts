import { GatheredReads } from '../../common/async/gathered-reads.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { StreamHead } from '../../notifications/ports.ts'
import type { NotificationFeed } from '../ports.ts'

/** Heads of the streams that a connection follows: its user's own, and the shared one. */
export interface FollowedHeads {
  readonly own: StreamHead
  readonly all: StreamHead
}

/** Users per read. */
export const headBatch = 500
/** Longest wait of a client for others that connect at the same time. */
const gatherMs = 10

/** Reads heads; connections that open at the same time share one read. */
export class HeadReader {
  readonly #reads: GatheredReads<UserKey, FollowedHeads>

  constructor(feed: NotificationFeed) {
    const readMany = async (userKeys: readonly UserKey[]): Promise<FollowedHeads[]> =>
      (await feed.heads(userKeys)).map((own) => ({ own, all: own.all }))
    this.#reads = new GatheredReads(readMany, { max: headBatch, maxMs: gatherMs })
  }

  read(userKey: UserKey): Promise<FollowedHeads> {
    return this.#reads.read(userKey)
  }
}
