import type { ClusterNode, ClusterNodes } from './nodes-port.ts'

/** Returns a cluster of one node, for a database that no other process can reach: nothing is written. */
export function loneNode(self: Omit<ClusterNode, 'id'>): ClusterNodes {
  return {
    self: { ...self, id: 0 },
    clockDifferenceMs: null,
    peersAway: false,
    peers: () => [],
    onPeersChange: () => () => undefined,
    refresh: async () => undefined,
    look: async () => undefined,
    close: async () => undefined,
  }
}
