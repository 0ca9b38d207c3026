import { LRUCache } from 'lru-cache'
import { GatheredReads } from '../../common/async/gathered-reads.ts'
import { toUserKey, type UserId, type UserKey } from '../../common/user-id.ts'
import type { SessionEnd } from '../ports.ts'
import type { User, UserDirectory } from '../accounts/user-directory-port.ts'

/** Users whose tokens a node has seen; the ones not seen for longest are looked up again when they come back. */
const maxUsers = 100_000
/** What one sweep looks up, so that it costs the same for any number of users. */
const sweepSize = { together: 2_000, oneByOne: 50 } as const
/** Ids in one query. */
const chunkSize = 500
/** How long one look-up may wait for others at the same time: after a restart every token is seen for the first time. */
const gatherMs = 10

export interface SessionUsersDependencies {
  readonly directory: UserDirectory
  readonly endSessions: (userKey: UserKey, reason: SessionEnd['reason']) => Promise<unknown>
}

/**
 * Users who were deleted or disabled by other means than Focus, such as by hand in the database (A17). A session whose user
 * is gone is refused where it is new to this node, and ended by a sweep where it is known: then tokens, sockets and tickets
 * end on every node as with any other ended session, and a verified token still costs no query (S23).
 */
export class SessionUsers {
  readonly #directory: UserDirectory
  readonly #endSessions: SessionUsersDependencies['endSessions']
  /** In the order in which they are swept: the one swept longest ago is the oldest. */
  readonly #seen = new LRUCache<UserKey, true>({ max: maxUsers })
  readonly #reads: GatheredReads<UserKey, User | null>

  constructor({ directory, endSessions }: SessionUsersDependencies) {
    this.#directory = directory
    this.#endSessions = endSessions
    this.#reads = new GatheredReads((keys) => this.#read(keys), { max: chunkSize, maxMs: gatherMs, patienceTurns: 1 })
  }

  /** The user of a session, disabled or not; null when there is none. Ends the sessions of users who are not there for it. */
  async find(userKey: UserKey): Promise<User | null> {
    // One by one, a look-up that hangs is nobody else's.
    const user = await (this.#directory.getMany ? this.#reads.read(userKey) : this.#directory.get(this.#id(userKey)))
    await this.#note(userKey, user)
    return user
  }

  /** Ends the sessions of those who are gone, among the users swept longest ago. */
  async sweep(): Promise<void> {
    const size = this.#directory.getMany ? sweepSize.together : sweepSize.oneByOne
    const keys = [...this.#seen.rkeys()].slice(0, size)
    for (let from = 0; from < keys.length; from += chunkSize) await this.#check(keys.slice(from, from + chunkSize))
  }

  async #check(keys: readonly UserKey[]): Promise<void> {
    const users = await this.#read(keys)
    for (const [index, key] of keys.entries()) await this.#note(key, users[index] ?? null)
  }

  async #note(key: UserKey, user: User | null): Promise<void> {
    if (user && !user.disabled) {
      this.#seen.set(key, true)
      return
    }
    await this.#endSessions(key, user ? 'user_disabled' : 'revoked')
    this.#seen.delete(key)
  }

  /** In the order of the keys. */
  async #read(keys: readonly UserKey[]): Promise<(User | null)[]> {
    const ids = keys.map((key) => this.#id(key))
    if (!this.#directory.getMany) return await Promise.all(ids.map((id) => this.#directory.get(id)))
    const users = await this.#directory.getMany([...new Set(ids)])
    const found = new Map(users.map((user) => [toUserKey(user.id), user]))
    return keys.map((key) => found.get(key) ?? null)
  }

  #id(key: UserKey): UserId {
    return this.#directory.parseId?.(key) ?? key
  }
}
