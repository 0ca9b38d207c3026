import type { Clock } from '../../../common/runtime.ts'
import type { Rate } from '../../transport.ts'

/** A token bucket: at most `rate.count` at once, refilled evenly over `rate.perMs`. */
export class Pace {
  readonly #rate: Rate | null
  readonly #clock: Clock
  #tokens: number
  #at: number

  constructor(rate: Rate | undefined, clock: Clock) {
    this.#rate = rate ?? null
    this.#clock = clock
    this.#tokens = rate?.count ?? Infinity
    this.#at = clock()
  }

  /** How many may begin now. */
  get available(): number {
    this.#refill()
    return Math.floor(this.#tokens)
  }

  /** How many may begin within the next `ms` milliseconds. */
  within(ms: number): number {
    return this.#rate === null ? Infinity : this.available + Math.floor((ms * this.#rate.count) / this.#rate.perMs)
  }

  /** Milliseconds until one more may begin. */
  get waitMs(): number {
    if (this.#rate === null || this.available >= 1) return 0
    return Math.ceil(((1 - this.#tokens) * this.#rate.perMs) / this.#rate.count)
  }

  take(count: number): void {
    this.#refill()
    this.#tokens -= count
  }

  #refill(): void {
    if (this.#rate === null) return
    const now = this.#clock()
    // A clock that went back refills nothing, and takes nothing away.
    const elapsed = Math.max(0, now - this.#at)
    this.#at = now
    this.#tokens = Math.min(this.#rate.count, this.#tokens + (elapsed * this.#rate.count) / this.#rate.perMs)
  }
}
