import type { Debug } from '../../common/logging/debug.ts'
import type { WakeUpPosition, WakeUpStore } from './wake-up-store-port.ts'

const stepMs = 10_000
/** How long rows are kept, in steps: nodes that are further behind read the log. */
const keptSteps = 6
/** Between two looks at what ended nodes left behind, in steps. */
const leftoverSteps = 30

/**
 * Deletes this node's own rows a minute after they were written, by their numbers: the clocks of other nodes do not matter. A node
 * that writes nothing deletes nothing.
 */
export class WakeUpPruner {
  readonly #store: WakeUpStore
  readonly #debug: Debug
  readonly #newest: () => readonly WakeUpPosition[]
  /** The newest rows at the last steps, the oldest step first. */
  readonly #steps: (readonly WakeUpPosition[])[] = []
  readonly #pruned = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  #count = 0
  #working: Promise<void> | null = null

  /**
   * @param newest returns the newest row of each lane that this node wrote
   * @param attended whether there are other nodes, whose rows may stay behind
   */
  constructor(store: WakeUpStore, debug: Debug, newest: () => readonly WakeUpPosition[], attended: () => boolean) {
    this.#store = store
    this.#debug = debug
    this.#newest = newest
    this.#timer = setInterval(() => {
      this.#working ??= this.step(attended()).finally(() => {
        this.#working = null
      })
    }, stepMs)
    this.#timer.unref()
  }

  /** Never rejects: what failed is deleted with a later step. */
  async step(attended: boolean): Promise<void> {
    this.#steps.push(this.#newest())
    const old = this.#steps.length > keptSteps ? (this.#steps.shift() ?? []) : []
    this.#count += 1
    try {
      for (const position of old) {
        const key = `${position.node}.${position.lane}`
        if ((this.#pruned.get(key) ?? 0) >= position.seq) continue
        await this.#store.prune(position)
        this.#pruned.set(key, position.seq)
      }
      if (attended && this.#count % leftoverSteps === 1) await this.#store.pruneLeftovers()
    } catch (error) {
      this.#debug('pruning wake-ups failed', { error })
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }
}
