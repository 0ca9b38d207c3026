import { Counter, Registry } from 'prom-client'
import type { AdmissionControl } from './admission-control.ts'

interface RenderedMetrics {
  readonly contentType: string
  readonly body: string
}

/** How much was refused, and why, in the text format of Prometheus. */
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

  /** These metrics after others, as one document. */
  async after(others: Promise<RenderedMetrics>): Promise<RenderedMetrics> {
    const { contentType, body } = await others
    return { contentType, body: `${body}\n${await this.#registry.metrics()}` }
  }
}
