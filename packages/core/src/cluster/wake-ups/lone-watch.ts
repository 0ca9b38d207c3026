const intervalMs = 1_000

export interface LoneWatchParts {
  /** Whether this node is alone, and nothing would tell it of another one. */
  readonly needed: () => boolean
  /** Looks once; never rejects. */
  readonly look: () => Promise<void>
}

/**
 * Has a node that is alone look for another one each second, so that its first peers need not wait for its next renewal. Nodes
 * that have peers hear of new ones from their rows.
 */
export class LoneWatch {
  readonly #timer: NodeJS.Timeout
  #looking = false

  constructor({ needed, look }: LoneWatchParts) {
    this.#timer = setInterval(() => {
      if (this.#looking || !needed()) return
      this.#looking = true
      void look().finally(() => {
        this.#looking = false
      })
    }, intervalMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
