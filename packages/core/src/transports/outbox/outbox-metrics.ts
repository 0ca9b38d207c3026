import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { appendMetrics, forMetrics, type MetricsDocument } from '../../common/metrics-document.ts'
import type { DeliveryCounters } from './delivery-counters.ts'
import type { DeliveryCount } from './outbox-port.ts'

/** The metrics of the outbox, in the text format of Prometheus. */
export class OutboxMetrics {
  readonly #registry = new Registry()

  constructor(counters: DeliveryCounters, counts: () => Promise<readonly DeliveryCount[]>, clock: () => number) {
    const registers = [this.#registry]
    const attempts = new Counter({
      name: 'focus_outbox_attempts_total',
      help: 'Deliveries that this node settled, by transport and outcome.',
      labelNames: ['transport', 'outcome'],
      registers,
    })
    const latency = new Histogram({
      name: 'focus_outbox_delivery_latency_seconds',
      help: 'Time from the commit of a notification to its delivery, by transport.',
      labelNames: ['transport'],
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 3_600],
      registers,
    })
    counters.observe((transport, outcome, latencyMs) => {
      attempts.inc({ transport, outcome })
      if (latencyMs !== null) latency.observe({ transport }, Math.max(0, latencyMs) / 1_000)
    })
    const failures = new Counter({
      name: 'focus_outbox_failures_total',
      help: 'Failed attempts on this node, by transport, outcome (retried or dead) and reason.',
      labelNames: ['transport', 'outcome', 'reason'],
      registers,
    })
    counters.observeFailures((transport, outcome, reason) => failures.inc({ transport, outcome, reason }))
    const oldest = new Gauge({
      name: 'focus_outbox_oldest_seconds',
      help: 'Age of the oldest waiting delivery, by transport.',
      labelNames: ['transport'],
      registers,
    })
    const depth = new Gauge({
      name: 'focus_outbox_deliveries',
      help: 'Deliveries in the outbox of all nodes, by transport and state.',
      labelNames: ['transport', 'state'],
      registers,
      async collect() {
        this.reset()
        oldest.reset()
        for (const { transport, state, count, oldest: since } of (await forMetrics(counts)) ?? []) {
          this.set({ transport, state }, count)
          if (state === 'waiting') oldest.set({ transport }, Math.max(0, clock() - since) / 1_000)
        }
      },
    })
    depth.reset()
  }

  /** Appends these metrics to others, as one document. */
  after(others: Promise<MetricsDocument>): Promise<MetricsDocument> {
    return appendMetrics(others, this.#registry)
  }
}
