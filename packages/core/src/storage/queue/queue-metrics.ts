import { Counter, Gauge, Registry } from 'prom-client'
import { appendMetrics, type MetricsDocument } from '../../common/metrics-document.ts'
import type { QueueState } from './work-queue.ts'

/** Metrics of waiting and refused database calls, in the text format of Prometheus. */
export class QueueMetrics {
  readonly #registry = new Registry()

  constructor(queues: () => readonly QueueState[]) {
    const gauge = (name: string, help: string, read: (state: QueueState) => number) =>
      new Gauge({
        name: `focus_database_queue_${name}`,
        help,
        labelNames: ['queue', 'class'],
        registers: [this.#registry],
        collect() {
          for (const state of queues()) this.set({ queue: state.queue, class: state.kind }, read(state))
        },
      })
    gauge('calls', 'Calls that wait for the database, by queue and class of work.', ({ count }) => count)
    gauge('bytes', 'About the memory that they hold.', ({ bytes }) => bytes)
    gauge('oldest_seconds', 'How long the oldest of them has waited.', ({ oldestMs }) => oldestMs / 1_000)
    const refused = new Counter({
      name: 'focus_database_refusals_total',
      help: 'Calls that were refused instead of done, by the bound that they met: count, bytes or age.',
      labelNames: ['queue', 'class', 'reason'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { queue, kind, refused: times } of queues()) {
          for (const [reason, count] of Object.entries(times)) this.inc({ queue, class: kind, reason }, count)
        }
      },
    })
    refused.reset()
  }

  /** Appends these metrics to a document. */
  after(others: Promise<MetricsDocument>): Promise<MetricsDocument> {
    return appendMetrics(others, this.#registry)
  }
}
