/** Calls a function at once, and again at most once per interval: a call that comes too early is made when it may. */
export class SpacedCall {
  readonly #intervalMs: number
  readonly #call: () => void
  #calledAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | null = null

  /** @param call must not throw */
  constructor(intervalMs: number, call: () => void) {
    this.#intervalMs = intervalMs
    this.#call = call
  }

  request(): void {
    if (this.#timer) return
    const waitMs = this.#calledAt + this.#intervalMs - performance.now()
    if (waitMs <= 0) return this.#run()
    this.#timer = setTimeout(() => this.#run(), waitMs).unref()
  }

  /** Drops a call that waits. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #run(): void {
    this.#timer = null
    this.#calledAt = performance.now()
    this.#call()
  }
}
