/** A budget of `capacity` that refills evenly over `perMs`. Holds no timer. */
export class TokenBucket {
  readonly #capacity: number
  readonly #perMs: number
  #left: number
  #at: number

  constructor(capacity: number, perMs: number, now: number) {
    this.#capacity = capacity
    this.#perMs = perMs
    this.#left = capacity
    this.#at = now
  }

  take(now: number): boolean {
    this.#refill(now)
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }

  /** Milliseconds until `take` succeeds again. */
  waitMs(now: number): number {
    this.#refill(now)
    return Math.max(0, Math.ceil(((1 - this.#left) * this.#perMs) / this.#capacity))
  }

  full(now: number): boolean {
    this.#refill(now)
    return this.#left >= this.#capacity
  }

  #refill(now: number): void {
    this.#left = Math.min(this.#capacity, this.#left + ((now - this.#at) * this.#capacity) / this.#perMs)
    this.#at = now
  }
}
