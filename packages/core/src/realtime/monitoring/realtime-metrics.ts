import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RealtimeCounters } from './realtime-counters.ts'
import type { ConnectionRegistry as Connections } from '../connections/connection-registry.ts'

/** Metrics in the text format of Prometheus. */
export interface RenderedMetrics {
  readonly contentType: string
  readonly body: string
}

/**
 * Metrics of this node for Prometheus. The hub counts plain numbers, which become metrics on each scrape. Each hub has its own
 * registry, so that two instances in one process do not share metrics.
 */
export class RealtimeMetrics {
  readonly #registry = new Registry()
  readonly #latency: Histogram

  constructor(counters: RealtimeCounters, connections: Connections) {
    const registers = [this.#registry]
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: `focus_realtime_${name}`,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({
        name: `focus_realtime_${name}_total`,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    gauge('connections', 'Authenticated connections of this node.', () => connections.activeConnections)
    gauge('users', 'Users with at least one connection to this node.', () => connections.activeUsers)
    gauge('lagging_connections', 'Connections that do not read fast enough at the moment.', () =>
      count(connections, ({ lagging }) => lagging),
    )
    gauge('lag_events', 'Events that connections of this node are behind their streams, summed.', () =>
      sum(connections, ({ own, all }) => (own?.lag ?? 0) + (all?.lag ?? 0)),
    )
    counter('connections_opened', 'Connections that were opened.', () => counters.connectionsOpened)
    counter('deliveries', 'Notifications written to connections.', () => counters.deliveries)
    counter('replays', 'Notifications written from the log: resume, healing, slow readers.', () => counters.replays)
    counter('lags', 'Times that a connection fell behind.', () => counters.lags)
    counter(
      'healed_streams',
      'Streams with a lost wake-up, found by comparing them with the log.',
      () => counters.healed,
    )
    counter('actions', 'Messages received from clients.', () => counters.actions)
    counter('errors', 'Error messages sent to clients.', () => counters.errors)
    counter(
      'upgrades_refused',
      'Connections that were refused before they were opened.',
      () => counters.upgradesRefused,
    )
    const closes = new Counter({
      name: 'focus_realtime_closes_total',
      help: 'Closed connections by close code.',
      labelNames: ['code'],
      registers,
      collect() {
        this.reset()
        for (const [code, times] of counters.closes) this.inc({ code }, times)
      },
    })
    closes.reset()
    this.#latency = new Histogram({
      name: 'focus_realtime_delivery_latency_seconds',
      help: 'From the commit of a notification to its write to the first local connection.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    })
  }

  observeLatency(milliseconds: number): void {
    this.#latency.observe(Math.max(0, milliseconds) / 1_000)
  }

  async render(): Promise<RenderedMetrics> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }
}

type Connection = Connections['connections'][number]

function sum(connections: Connections, of: (connection: Connection) => number): number {
  let total = 0
  for (const connection of connections.connections) total += of(connection)
  return total
}

function count(connections: Connections, fits: (connection: Connection) => boolean): number {
  return sum(connections, (connection) => (fits(connection) ? 1 : 0))
}
