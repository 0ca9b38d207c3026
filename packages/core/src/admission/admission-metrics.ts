import { Counter, Registry } from 'prom-client'
import { appendMetrics, type MetricsDocument } from '../common/metrics-document.ts'
import type { AdmissionControl } from './admission-control.ts'

/** Counts of refusals by reason, in the text format of Prometheus. */
export class AdmissionMetrics {
  readonly #registry = new Registry()

  constructor({ refusals }: Pick<AdmissionControl, 'refusals'>) {
    const counter = new Counter({
      name: 'focus_refusals_total',
      help: 'Requests and connections that were refused before any work was done, by what they were for and why.',
      labelNames: ['for', 'reason'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [key, times] of refusals) {
          const [subject = '', reason = ''] = key.split(':')
          this.inc({ for: subject, reason }, times)
        }
      },
    })
    counter.reset()
  }

  /** Appends these metrics to others. */
  after(others: Promise<MetricsDocument>): Promise<MetricsDocument> {
    return appendMetrics(others, this.#registry)
  }
}
