import type { SessionEnd } from '../../auth/ports.ts'
import type { UserKey } from '../../common/user-id.ts'

/** Longer than any admission takes. */
const keepMs = 60_000

/**
 * Sessions that ended in the last minute. A session may end after its token was verified and before its connection is
 * registered under its user; the admission looks here to close that connection too. Times are on the monotonic clock.
 */
export class RecentSessionEnds {
  #pruneAt = 1_000
  #ends: { readonly end: SessionEnd; readonly at: number }[] = []

  get size(): number {
    return this.#ends.length
  }

  add(end: SessionEnd, now: number): void {
    // The sweep, which prunes otherwise, rests while there are no connections.
    if (this.#ends.length >= this.#pruneAt) {
      this.prune(now)
      this.#pruneAt = Math.max(1_000, this.#ends.length * 2)
    }
    this.#ends.push({ end, at: now })
  }

  /** Returns whether the session of a connection has ended since the connection was opened. */
  covers(userKey: UserKey, sessionId: string | null, openedAt: number): boolean {
    return this.#ends.some(
      ({ end, at }) =>
        at >= openedAt && end.userKey === userKey && (end.sessionId === null || end.sessionId === sessionId),
    )
  }

  prune(now: number): void {
    if (this.#ends.length > 0) this.#ends = this.#ends.filter(({ at }) => now - at < keepMs)
  }
}
