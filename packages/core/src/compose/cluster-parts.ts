import { hostname } from 'node:os'
import type { Broker, NodeBroker } from '../cluster/broker-port.ts'
import { LocalFirstBroker } from '../cluster/local-first-broker.ts'
import type { Foundation } from './foundation.ts'
import { type Closable, openTogether } from './opening.ts'

export interface ClusterParts extends Closable {
  /** Carries messages between the nodes of the database. */
  readonly broker: NodeBroker
}

/** Names this node, and opens the broker that connects it to the others. */
export function composeCluster({ settings, runtime }: Foundation): Promise<ClusterParts> {
  return openTogether(runtime.logger, (own) => {
    const node = settings.cluster.node ?? `${hostname()}-${Buffer.from(runtime.random(4)).toString('hex')}`
    const { broker } = settings.cluster
    const driver: Broker | null = typeof broker === 'object' ? broker : null
    return { broker: own(new LocalFirstBroker(node, driver)) }
  })
}
