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

  /** Takes `cost` when there is as much, and says whether there was. */
  take(now: number, cost = 1): boolean {
    if (this.left(now) < cost) return false
    this.#left -= cost
    return true
  }

  /** Takes `cost` whatever is left, for work that is known only once it is done; what is owed is at most the capacity. */
  spend(now: number, cost: number): void {
    this.#left = Math.max(-this.#capacity, this.left(now) - cost)
  }

  /** Gives back what was taken for something that did not come to pass. */
  refund(cost: number): void {
    this.#left = Math.min(this.#capacity, this.#left + cost)
  }

  left(now: number): number {
    this.#left = Math.min(this.#capacity, this.#left + ((now - this.#at) * this.#capacity) / this.#perMs)
    this.#at = now
    return this.#left
  }

  /** Milliseconds until `take` succeeds again. */
  waitMs(now: number, cost = 1): number {
    return Math.max(0, Math.ceil(((cost - this.left(now)) * this.#perMs) / this.#capacity))
  }

  full(now: number): boolean {
    return this.left(now) >= this.#capacity
  }
}
