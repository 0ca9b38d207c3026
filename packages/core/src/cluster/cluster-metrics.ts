import { Counter, Gauge, Registry } from 'prom-client'
import { appendMetrics, forMetrics, type MetricsDocument } from '../common/metrics-document.ts'
import type { BrokerState } from './broker-state.ts'
import type { ClusterActivity, ClusterView } from './nodes/cluster-view-port.ts'

/** Metrics of the broker of this node and of the whole cluster, in the text format of Prometheus. */
export class ClusterMetrics {
  readonly #registry = new Registry()

  constructor(broker: BrokerState, cluster: Pick<ClusterView, 'activity'>) {
    for (const metric of [connectedGauge(broker), messagesCounter(broker), ...clusterGauges(cluster)]) {
      this.#registry.registerMetric(metric)
    }
  }

  /** Appends these metrics to a document. */
  after(others: Promise<MetricsDocument>): Promise<MetricsDocument> {
    return appendMetrics(others, this.#registry)
  }
}

function connectedGauge(broker: BrokerState): Gauge {
  return new Gauge({
    name: 'focus_broker_connected',
    help: 'Whether messages between this node and the others flow: 1, or 0 while they may be lost.',
    labelNames: ['broker'],
    registers: [],
    collect() {
      this.set({ broker: broker.kind }, broker.connected ? 1 : 0)
    },
  })
}

function messagesCounter(broker: BrokerState): Counter {
  return new Counter({
    name: 'focus_broker_messages_total',
    help: 'Messages that this node gave to the broker, received from other nodes, and refused because they were forged or unknown.',
    labelNames: ['direction'],
    registers: [],
    collect() {
      this.reset()
      this.inc({ direction: 'sent' }, broker.sent)
      this.inc({ direction: 'received' }, broker.received)
      this.inc({ direction: 'refused' }, broker.refused)
    },
  })
}

/** Gauges that share one read. */
function clusterGauges(cluster: Pick<ClusterView, 'activity'>): Gauge[] {
  const gauge = (name: string, help: string, read: (activity: ClusterActivity) => number) =>
    new Gauge({
      name: `focus_cluster_${name}`,
      help,
      registers: [],
      async collect() {
        // Answers are kept for a second.
        const activity = await forMetrics(() => cluster.activity())
        if (activity !== null) this.set(read(activity))
      },
    })
  return [
    gauge('nodes', 'Processes that share the database and are alive.', ({ nodes }) => nodes.length),
    gauge('users', 'Users with at least one connection to any node.', ({ users }) => users),
    gauge('connections', 'Authenticated connections of all nodes.', ({ connections }) => connections),
  ]
}
