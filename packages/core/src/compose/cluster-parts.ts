import { hostname } from 'node:os'
import type { Broker, NodeBroker } from '../cluster/broker-port.ts'
import { LocalFirstBroker } from '../cluster/local-first-broker.ts'
import { loneNode } from '../cluster/nodes/lone-node.ts'
import { machineAddress } from '../cluster/nodes/machine-address.ts'
import { NodeLease } from '../cluster/nodes/node-lease.ts'
import type { ClusterNodes } from '../cluster/nodes/nodes-port.ts'
import { focusVersion } from '../common/version.ts'
import { KyselyNodeStore } from '../storage/cluster/node-store.ts'
import type { Foundation } from './foundation.ts'
import { type Closable, openTogether } from './opening.ts'

export interface ClusterParts extends Closable {
  /** Carries messages between the nodes of the database. */
  readonly broker: NodeBroker
  /** The nodes of the database. */
  readonly nodes: ClusterNodes
}

/**
 * Names this node, joins the others of its database, and opens the broker that connects them.
 *
 * @throws FocusError `storage_unavailable`
 */
export function composeCluster(foundation: Foundation): Promise<ClusterParts> {
  const { settings, runtime } = foundation
  return openTogether(runtime.logger, async (own) => {
    const name = settings.cluster.node ?? `${hostname()}-${Buffer.from(runtime.random(4)).toString('hex')}`
    const { broker } = settings.cluster
    const nodes = own(await openNodes(name, foundation))
    const driver: Broker | null = typeof broker === 'object' ? broker : null
    return { broker: own(new LocalFirstBroker(name, driver)), nodes }
  })
}

function openNodes(name: string, { settings, runtime, database }: Foundation): Promise<ClusterNodes> {
  const self = { name, address: machineAddress(), version: focusVersion }
  const alone = settings.cluster.broker === 'memory' || settings.storage.database === 'sqlite::memory:'
  if (alone) return Promise.resolve(loneNode({ ...self, startedAt: runtime.clock() }))
  return NodeLease.join({ store: new KyselyNodeStore(database.forClass('delivery')), runtime, self })
}
