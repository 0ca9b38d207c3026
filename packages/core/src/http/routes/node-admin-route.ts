import type { BrokerState } from '../../cluster/broker-state.ts'
import type { ClusterNodes } from '../../cluster/nodes/nodes-port.ts'
import type { ClusterView } from '../../cluster/nodes/cluster-view-port.ts'
import { isoTimestamp } from '../../wire/iso-timestamp.ts'
import { json } from '../responses.ts'
import type { Route } from '../route.ts'

export interface NodeRouteDependencies {
  readonly view: ClusterView
  readonly nodes: ClusterNodes
  readonly brokerState: BrokerState
}

/** `GET /admin/nodes`: the processes that share the database and are alive, the one that answers first. */
export function nodeAdminRoute({ view, nodes: directory, brokerState }: NodeRouteDependencies): Route {
  return {
    method: 'GET',
    path: '/admin/nodes',
    access: 'admin',
    async handle() {
      const { nodes } = await view.activity()
      return json({
        broker: { kind: brokerState.kind, connected: brokerState.connected },
        clock_difference_ms: directory.clockDifferenceMs,
        nodes: nodes.map(({ node, users, connections, deliveries, actions }, index) => ({
          name: node.name,
          answering: index === 0,
          address: node.address,
          version: node.version,
          started_at: isoTimestamp(node.startedAt),
          users,
          connections,
          rates: { deliveries, actions },
        })),
      })
    },
  }
}
