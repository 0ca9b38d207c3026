import type { Clock } from '../../../common/runtime.ts'
import type { Rate } from '../../transport.ts'

/** Limits when attempts may start: a token bucket of at most `rate.count`, refilled evenly over `rate.perMs`, and pauses. */
export class Pace {
  readonly #rate: Rate | null
  readonly #clock: Clock
  #tokens: number
  #refilledAt: number
  #pause = { from: 0, ms: 0 }

  constructor(rate: Rate | undefined, clock: Clock) {
    this.#rate = rate ?? null
    this.#clock = clock
    this.#tokens = rate?.count ?? Infinity
    this.#refilledAt = clock()
  }

  /** The number of attempts that the rate lets start now. */
  get available(): number {
    this.#refill()
    return Math.floor(this.#tokens)
  }

  /** Returns how many attempts the rate lets start within the next `ms` milliseconds. */
  within(ms: number): number {
    return this.#rate === null ? Infinity : this.available + Math.floor((ms * this.#rate.count) / this.#rate.perMs)
  }

  /** Milliseconds until the rate lets one more attempt start. */
  get waitMs(): number {
    if (this.#rate === null || this.available >= 1) return 0
    return Math.ceil(((1 - this.#tokens) * this.#rate.perMs) / this.#rate.count)
  }

  /** Counts attempts that start. */
  take(count: number): void {
    this.#refill()
    this.#tokens -= count
  }

  /** Lets no attempt start for the next `ms` milliseconds. */
  pauseFor(ms: number): void {
    this.#pause = { from: this.#clock(), ms }
  }

  /** A clock that goes back ends a pause rather than extending it. */
  get isPaused(): boolean {
    const { from, ms } = this.#pause
    const now = this.#clock()
    return now >= from && now < from + ms
  }

  #refill(): void {
    if (this.#rate === null) return
    const now = this.#clock()
    // A clock that goes back neither adds nor removes tokens.
    const elapsed = Math.max(0, now - this.#refilledAt)
    this.#refilledAt = now
    this.#tokens = Math.min(this.#rate.count, this.#tokens + (elapsed * this.#rate.count) / this.#rate.perMs)
  }
}
