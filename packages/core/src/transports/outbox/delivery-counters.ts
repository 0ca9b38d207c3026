import type { FailureCategory } from '../transport-errors.ts'

/**
 * The result of an attempt. `skipped`: the user is not reachable or does not want it; `cancelled`: an escalation was not needed, because
 * the notification was read, removed or merged.
 */
export type DeliveryOutcome = 'delivered' | 'retried' | 'dead' | 'skipped' | 'cancelled'

/** Called at the end of every attempt; the metrics observe it. */
export type DeliveryObserver = (transport: string, outcome: DeliveryOutcome, latencyMs: number | null) => void

/** Called for every failure with the result for the delivery and the kind of failure. */
export type FailureObserver = (transport: string, outcome: 'retried' | 'dead', category: FailureCategory) => void

const none: Readonly<Record<DeliveryOutcome, number>> = { delivered: 0, retried: 0, dead: 0, skipped: 0, cancelled: 0 }

/** Counts the results of the workers of this process. */
export class DeliveryCounters {
  readonly #counts = new Map<string, Record<DeliveryOutcome, number>>()
  readonly #observers: DeliveryObserver[] = []
  readonly #failureObservers: FailureObserver[] = []

  /** @param latencyMs from the commit of the notification to its delivery */
  count(transport: string, outcome: DeliveryOutcome, latencyMs: number | null = null): void {
    const counts = this.#counts.get(transport) ?? { ...none }
    this.#counts.set(transport, counts)
    counts[outcome] += 1
    for (const observe of this.#observers) observe(transport, outcome, latencyMs)
  }

  countFailure(transport: string, outcome: 'retried' | 'dead', category: FailureCategory): void {
    for (const observe of this.#failureObservers) observe(transport, outcome, category)
  }

  /** Returns the counts of one transport since the start of this process. */
  of(transport: string): Readonly<Record<DeliveryOutcome, number>> {
    return this.#counts.get(transport) ?? none
  }

  observe(observer: DeliveryObserver): void {
    this.#observers.push(observer)
  }

  observeFailures(observer: FailureObserver): void {
    this.#failureObservers.push(observer)
  }
}
