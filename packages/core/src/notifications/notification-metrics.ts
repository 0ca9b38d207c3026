import { Gauge, Registry } from 'prom-client'
import { appendMetrics, forMetrics, type MetricsDocument } from '../common/metrics-document.ts'
import type { NotificationLog } from './log-port.ts'

/** Counts waiting notifications that failed, in the text format of Prometheus. */
export class NotificationMetrics {
  readonly #registry = new Registry()

  constructor(log: Pick<NotificationLog, 'parkedCounts'>) {
    const gauge = new Gauge({
      name: 'focus_parked_notifications',
      help: 'Waiting notifications that failed, of all nodes, by state: retried later, or parked until an operator looks.',
      labelNames: ['state'],
      registers: [this.#registry],
      async collect() {
        this.reset()
        const counts = await forMetrics(() => log.parkedCounts())
        if (counts === null) return
        this.set({ state: 'retried' }, counts.retried)
        this.set({ state: 'parked' }, counts.parked)
      },
    })
    gauge.reset()
  }

  /** Appends these metrics to others, as one document. */
  after(others: Promise<MetricsDocument>): Promise<MetricsDocument> {
    return appendMetrics(others, this.#registry)
  }
}
