import type { SessionEnd } from '../../auth/ports.ts'
import type { UserKey } from '../../common/user-id.ts'

/** Longer than any admission takes. */
const keepMs = 60_000

/**
 * Sessions that ended lately. A token may be found valid, its session end, and only then its connection join its user's
 * others: nobody would close that one.
 */
export class RecentSessionEnds {
  #forgetAt = 1_000
  #ends: { readonly end: SessionEnd; readonly at: number }[] = []

  get size(): number {
    return this.#ends.length
  }

  add(end: SessionEnd, now: number): void {
    // Nothing sweeps while nobody is connected.
    if (this.#ends.length >= this.#forgetAt) {
      this.prune(now)
      this.#forgetAt = Math.max(1_000, this.#ends.length * 2)
    }
    this.#ends.push({ end, at: now })
  }

  /** Whether the session of a connection ended since it was opened. */
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
