import type { BatchWakeUp, BatchWakeUps } from './wake-up-store-port.ts'

export interface BatchesParts {
  /** Whether there are other nodes. */
  readonly attended: () => boolean
  readonly nextRow: () => BatchWakeUp
  /** Called when `silent` becomes false. */
  readonly heardAgain: () => void
}

/** The batches of this node, which run one after another. */
export class Batches implements BatchWakeUps {
  readonly #parts: BatchesParts
  #silent = false

  constructor(parts: BatchesParts) {
    this.#parts = parts
  }

  /** Whether a batch runs that started while this node was alone: nodes that joined since do not hear of it. */
  get silent(): boolean {
    return this.#silent
  }

  next(): BatchWakeUp | null {
    if (this.#parts.attended()) return this.#parts.nextRow()
    this.#silent = true
    return null
  }

  ended(): void {
    if (!this.#silent) return
    this.#silent = false
    this.#parts.heardAgain()
  }
}
