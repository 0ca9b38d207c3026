import { GatheredReads } from '../../common/async/gathered-reads.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NotificationLog } from '../log-port.ts'
import type { FirstSight } from './inbox-port.ts'

/** Users in one transaction. */
const batch = 500
/** Time without a new user after which the waiting ones are written: after a restart, thousands connect within seconds. */
const quietMs = 1_000
/** Users that may wait; further ones are written when they come back. */
const maxWaiting = 50_000

/**
 * Records users who read for the first time. A user whose age is known can wait: which broadcasts are older follows from the age,
 * before and after the record. Readers that arrive together share a transaction.
 */
export class NewReaders {
  readonly #log: Pick<NotificationLog, 'firstSight'>
  readonly #now: GatheredReads<FirstSight, true>
  readonly #waiting = new Map<UserKey, number>()
  #addedAt = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #closed = false

  constructor(log: Pick<NotificationLog, 'firstSight'>) {
    this.#log = log
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

  /** Records a user later, when no others arrive. A user that could not be recorded is found again at the next read. */
  recordLater(userKey: UserKey, since: number): void {
    if (this.#closed || this.#waiting.size >= maxWaiting) return
    this.#waiting.set(userKey, since)
    this.#addedAt = performance.now()
    this.#timer ??= setTimeout(this.#tick, quietMs).unref()
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
    const leftMs = this.#addedAt + quietMs - performance.now()
    this.#timer = null
    if (leftMs > 0) this.#timer = setTimeout(this.#tick, leftMs).unref()
    else this.#writing ??= this.#writeWaiting().finally(() => (this.#writing = null))
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.size > 0) {
      const users = this.#oldestWaiting()
      try {
        await this.#log.firstSight(users)
      } catch {
        // The database is away or overloaded, which others report. Nothing is lost.
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
