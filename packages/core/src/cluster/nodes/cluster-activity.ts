import { userHash } from '../../common/users/user-hash.ts'
import type { UserKey } from '../../common/user-id.ts'
import { type ClusterActivity, sampleSize } from './cluster-view-port.ts'
import type { NodeDetails } from './node-details.ts'
import type { ClusterNode } from './nodes-port.ts'

/** A node and what it told about itself. */
export interface DescribedNode {
  readonly node: ClusterNode
  readonly details: NodeDetails
}

/** Adds up this node and the others. A user with connections to several nodes counts once. */
export function clusterActivity(own: DescribedNode, peers: readonly DescribedNode[]): ClusterActivity {
  const nodes = [own, ...peers]
  const named = mergedSamples(nodes)
  const sum = (of: (details: NodeDetails) => number) => nodes.reduce((total, { details }) => total + of(details), 0)
  return {
    nodes: nodes.map(({ node, details: { users, connections, deliveries, actions } }) => ({
      node,
      users,
      connections,
      deliveries,
      actions,
    })),
    users: distinctUsers(nodes, named),
    connections: sum(({ connections }) => connections),
    deliveries: sum(({ deliveries }) => deliveries),
    actions: sum(({ actions }) => actions),
    userKeys: [...named.keys()].slice(0, sampleSize),
    connectionsElsewhere: (userKey) =>
      peers.reduce((total, { details }) => total + (details.sample.get(userKey) ?? 0), 0),
  }
}

/** Returns the number of nodes that named each user. */
function mergedSamples(nodes: readonly DescribedNode[]): Map<UserKey, number> {
  const named = new Map<UserKey, number>()
  for (const { details } of nodes) {
    for (const userKey of details.sample.keys()) named.set(userKey, (named.get(userKey) ?? 0) + 1)
  }
  return named
}

/**
 * Exact while every node named all its present users, and while no user is on two nodes. Otherwise an estimate: each sample holds the users
 * with the lowest hashes, so that every node that has one of the union's lowest named it, and their share of repeated users is
 * that of all.
 */
function distinctUsers(nodes: readonly DescribedNode[], named: ReadonlyMap<UserKey, number>): number {
  if (nodes.every(({ details }) => details.sample.size === details.users)) return named.size
  const total = nodes.reduce((sum, { details }) => sum + details.users, 0)
  const lowest = [...named]
    .map(([userKey, times]) => ({ hash: userHash(userKey), times }))
    .sort((a, b) => a.hash - b.hash)
    .slice(0, sampleSize)
  const repeated = lowest.reduce((sum, { times }) => sum + times, 0)
  return Math.round((total * lowest.length) / Math.max(1, repeated))
}
