import type { ClusterView } from '../../cluster/nodes/cluster-view-port.ts'
import { isoTimestamp } from '../../wire/iso-timestamp.ts'
import { json } from '../responses.ts'
import type { Route } from '../route.ts'

/** `GET /admin/nodes`: the processes that share the database and are alive, the one that answers first. */
export function nodeAdminRoute(cluster: ClusterView): Route {
  return {
    method: 'GET',
    path: '/admin/nodes',
    access: 'admin',
    async handle() {
      const { nodes } = await cluster.activity()
      return json({
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
