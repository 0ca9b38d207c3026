/** A budget of `capacity` units that refills evenly over `perMs` milliseconds. It needs no timer. */
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

  /** Takes `cost` if that much is left. Returns whether it did. */
  take(now: number, cost = 1): boolean {
    if (this.left(now) < cost) return false
    this.#left -= cost
    return true
  }

  /** Takes `cost` even if less is left, for work whose cost is known only afterwards. The debt is at most the capacity. */
  spend(now: number, cost: number): void {
    this.#left = Math.max(-this.#capacity, this.left(now) - cost)
  }

  /** Gives back units that were taken for work that did not happen. */
  refund(cost: number): void {
    this.#left = Math.min(this.#capacity, this.#left + cost)
  }

  left(now: number): number {
    this.#left = Math.min(this.#capacity, this.#left + ((now - this.#at) * this.#capacity) / this.#perMs)
    this.#at = now
    return this.#left
  }

  /** Returns the milliseconds until `take` succeeds. */
  waitMs(now: number, cost = 1): number {
    return Math.max(0, Math.ceil(((cost - this.left(now)) * this.#perMs) / this.#capacity))
  }

  full(now: number): boolean {
    return this.left(now) >= this.#capacity
  }
}
