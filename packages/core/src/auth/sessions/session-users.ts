import { GatheredReads } from '../../common/async/gathered-reads.ts'
import { toUserKey, type UserId, type UserKey } from '../../common/user-id.ts'
import type { User, UserDirectory } from '../accounts/user-directory-port.ts'
import type { SessionEnd } from '../ports.ts'

/** Users that a sweep can check. Beyond it, the users unseen for longest are checked when they return. */
const maxUsers = 100_000
/** Length of all their keys, so that long keys take no more memory than many. */
const maxKeyCharacters = 8_000_000
/** Users that one sweep looks up, so that a sweep costs the same for any number of users. */
const sweepSize = { together: 2_000, oneByOne: 50 } as const
/** Ids in one query. */
const chunkSize = 500
/** How long one look-up may wait for concurrent ones: after a restart, every token is new to the node. */
const gatherMs = 10

export interface SessionUsersDependencies {
  readonly directory: UserDirectory
  readonly endSessions: (userKey: UserKey, reason: SessionEnd['reason']) => Promise<unknown>
}

/**
 * The users of sessions, who may be deleted or disabled without Focus, for example directly in the database (A17). A token
 * that is new to this node is checked when it arrives; users of known tokens are checked by a sweep, which ends the sessions
 * of deleted and disabled users on every node. A verified token therefore costs no query (S23).
 */
export class SessionUsers {
  readonly #directory: UserDirectory
  readonly #endSessions: SessionUsersDependencies['endSessions']
  /** In the order of the sweep: the oldest entry is the next. A set takes memory only for the users in it. */
  readonly #seen = new Set<UserKey>()
  #keyCharacters = 0
  readonly #reads: GatheredReads<UserKey, User | null>

  constructor({ directory, endSessions }: SessionUsersDependencies) {
    this.#directory = directory
    this.#endSessions = endSessions
    this.#reads = new GatheredReads((keys) => this.#read(keys), { max: chunkSize, maxMs: gatherMs, patienceTurns: 1 })
  }

  /** Returns the user of a session, disabled or not; null for a deleted one. Ends the sessions of deleted and disabled users. */
  async find(userKey: UserKey): Promise<User | null> {
    // Without `getMany`, each look-up runs alone, so that a slow one delays no other.
    const user = await (this.#directory.getMany ? this.#reads.read(userKey) : this.#directory.get(this.#id(userKey)))
    await this.note(userKey, user)
    return user
  }

  /** Records a user that the caller has just read, as `find` does. */
  async note(userKey: UserKey, user: User | null): Promise<void> {
    if (user && !user.disabled) {
      this.#forget(userKey)
      this.#remember(userKey)
      return
    }
    await this.#endSessions(userKey, user ? 'user_disabled' : 'revoked')
    this.#forget(userKey)
  }

  /** Checks the users whose last check is longest ago, and ends the sessions of deleted and disabled ones. */
  async sweep(): Promise<void> {
    const size = this.#directory.getMany ? sweepSize.together : sweepSize.oneByOne
    const keys = [...this.#seen].slice(0, size)
    for (let from = 0; from < keys.length; from += chunkSize) await this.#check(keys.slice(from, from + chunkSize))
  }

  #remember(userKey: UserKey): void {
    this.#seen.add(userKey)
    this.#keyCharacters += userKey.length
    for (const oldest of this.#seen) {
      if (this.#seen.size <= maxUsers && this.#keyCharacters <= maxKeyCharacters) break
      this.#forget(oldest)
    }
  }

  #forget(userKey: UserKey): void {
    if (this.#seen.delete(userKey)) this.#keyCharacters -= userKey.length
  }

  async #check(keys: readonly UserKey[]): Promise<void> {
    const users = await this.#read(keys)
    for (const [index, key] of keys.entries()) await this.note(key, users[index] ?? null)
  }

  /** Reads users in the order of the keys. */
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
