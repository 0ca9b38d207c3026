import { GatheredReads } from '../../common/async/gathered-reads.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NotificationLog } from '../log-port.ts'
import type { FirstSight } from './inbox-port.ts'

/** Users in one transaction. */
const batch = 500
/** Time without a new user after which the waiting ones are written: after a restart, thousands connect within seconds. */
const quietMs = 1_000
/** Longest wait of the first one, however many follow. */
const longestMs = 10_000
/** Users that may wait; further ones are written when they come back. */
const maxWaiting = 50_000

/**
 * Records users who read for the first time. A user whose age is known can wait: which broadcasts are older follows from the age,
 * before and after the record. Readers that arrive together share a transaction.
 */
export class NewReaders {
  readonly #log: Pick<NotificationLog, 'firstSight'>
  readonly #logger: Logger
  readonly #now: GatheredReads<FirstSight, true>
  readonly #waiting = new Map<UserKey, number>()
  #firstAt = 0
  #addedAt = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #closed = false

  constructor(log: Pick<NotificationLog, 'firstSight'>, logger: Logger) {
    this.#log = log
    this.#logger = logger
    const write = async (users: readonly FirstSight[]) => {
      await log.firstSight(users)
      return users.map(() => true as const)
    }
    this.#now = new GatheredReads(write, { max: batch, maxMs: 0 })
  }

  /** Resolves once the user is recorded. */
  async record(user: FirstSight): Promise<void> {
    await this.#now.read(user)
  }

  /**
   * Records a user once no others arrive for a second, after ten seconds at the latest. A user that could not be recorded is found
   * again at the next read.
   */
  recordLater(userKey: UserKey, since: number): void {
    // Users who wait are read again and again, and must not prolong their own wait.
    if (this.#closed || this.#waiting.has(userKey) || this.#waiting.size >= maxWaiting) return
    this.#waiting.set(userKey, since)
    this.#addedAt = performance.now()
    if (this.#timer) return
    this.#firstAt = this.#addedAt
    this.#timer = setTimeout(this.#tick, quietMs).unref()
  }

  /** Returns since when a waiting user exists, in milliseconds since 1970; undefined for other users. */
  waitingSince(userKey: UserKey): number | undefined {
    return this.#waiting.get(userKey)
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#waiting.clear()
    await this.#writing
  }

  readonly #tick = (): void => {
    const leftMs = Math.min(this.#addedAt + quietMs, this.#firstAt + longestMs) - performance.now()
    this.#timer = null
    if (leftMs > 0) this.#timer = setTimeout(this.#tick, leftMs).unref()
    else this.#writing ??= this.#writeWaiting().finally(() => (this.#writing = null))
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.size > 0) {
      const users = this.#oldestWaiting()
      try {
        await this.#log.firstSight(users)
      } catch (error) {
        // The database is away or overloaded, which others report. Nothing is lost.
        this.#logger.debug('New readers are recorded at their next read', { users: this.#waiting.size, error })
        this.#waiting.clear()
      }
      for (const { userKey } of users) this.#waiting.delete(userKey)
    }
  }

  #oldestWaiting(): FirstSight[] {
    const users: FirstSight[] = []
    for (const [userKey, since] of this.#waiting) {
      if (users.push({ userKey, since }) >= batch) break
    }
    return users
  }
}
