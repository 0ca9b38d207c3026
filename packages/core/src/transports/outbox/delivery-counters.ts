import type { FailureCategory } from '../transport-errors.ts'

/** What became of an attempt. `skipped`: nobody to reach, or not wanted; `cancelled`: read before its escalation. */
export type DeliveryOutcome = 'delivered' | 'retried' | 'dead' | 'skipped' | 'cancelled'

/** Told of every attempt's end; the metrics listen. */
export type DeliveryObserver = (transport: string, outcome: DeliveryOutcome, latencyMs: number | null) => void

/** Told of every failure: what became of the delivery, and the kind of failure. */
export type FailureObserver = (transport: string, outcome: 'retried' | 'dead', category: FailureCategory) => void

/** Counts what the workers of this process did. */
export class DeliveryCounters {
  readonly #counts = new Map<string, Record<DeliveryOutcome, number>>()
  readonly #observers: DeliveryObserver[] = []
  readonly #failureObservers: FailureObserver[] = []

  /** @param latencyMs from the commit to the arrival */
  count(transport: string, outcome: DeliveryOutcome, latencyMs: number | null = null): void {
    const counts = this.#counts.get(transport) ?? { delivered: 0, retried: 0, dead: 0, skipped: 0, cancelled: 0 }
    this.#counts.set(transport, counts)
    counts[outcome] += 1
    for (const observe of this.#observers) observe(transport, outcome, latencyMs)
  }

  countFailure(transport: string, outcome: 'retried' | 'dead', category: FailureCategory): void {
    for (const observe of this.#failureObservers) observe(transport, outcome, category)
  }

  of(transport: string): Readonly<Record<DeliveryOutcome, number>> {
    return this.#counts.get(transport) ?? { delivered: 0, retried: 0, dead: 0, skipped: 0, cancelled: 0 }
  }

  observe(observer: DeliveryObserver): void {
    this.#observers.push(observer)
  }

  observeFailures(observer: FailureObserver): void {
    this.#failureObservers.push(observer)
  }
}
