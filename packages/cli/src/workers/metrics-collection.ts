import type { WorkerMetrics } from './messages.ts'
import type { WorkerSlot } from './worker-slot.ts'

/** Milliseconds that a worker may take to answer; Prometheus waits 10 s for a scrape. */
const ANSWER_MS = 4_000

interface Collection {
  readonly bodies: Map<WorkerSlot, string | null>
  readonly missing: Set<WorkerSlot>
  readonly done: () => void
}

/** Collects the metrics of workers, in the primary process. */
export class MetricsCollector {
  readonly #collections = new Map<number, Collection>()
  #lastRef = 0

  /**
   * Asks the workers, and resolves when all have answered or their time is over.
   *
   * @param known the worker that asks, with its own metrics
   */
  async collect(
    slots: readonly WorkerSlot[],
    known: { readonly slot: WorkerSlot; readonly body: string },
  ): Promise<WorkerMetrics[]> {
    this.#lastRef += 1
    const ref = this.#lastRef
    const { promise, resolve } = Promise.withResolvers<void>()
    const bodies = new Map<WorkerSlot, string | null>([[known.slot, known.body]])
    const others = slots.filter((slot) => slot !== known.slot)
    const missing = new Set(others.filter((slot) => slot.send({ type: 'focus:render', ref })))
    if (missing.size > 0) {
      const timer = setTimeout(resolve, ANSWER_MS)
      this.#collections.set(ref, { bodies, missing, done: resolve })
      await promise
      clearTimeout(timer)
      this.#collections.delete(ref)
    }
    return slots.map((slot) => ({ worker: slot.number, restarts: slot.restarts, body: bodies.get(slot) ?? null }))
  }

  /** Accepts the answer of a worker. */
  accept(slot: WorkerSlot, { ref, body }: { readonly ref: number; readonly body: string | null }): void {
    const collection = this.#collections.get(ref)
    if (!collection?.missing.delete(slot)) return
    collection.bodies.set(slot, body)
    if (collection.missing.size === 0) collection.done()
  }
}
