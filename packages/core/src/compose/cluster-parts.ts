import { hostname } from 'node:os'
import type { Broker, NodeBroker } from '../cluster/broker-port.ts'
import type { BrokerKind, BrokerState } from '../cluster/broker-state.ts'
import { LocalFirstBroker } from '../cluster/local-first-broker.ts'
import { loneNode } from '../cluster/nodes/lone-node.ts'
import { nodeId } from '../cluster/node-ids.ts'
import { machineAddress } from '../cluster/nodes/machine-address.ts'
import { NodeLease } from '../cluster/nodes/node-lease.ts'
import { NodeAnnouncements } from '../cluster/nodes/announcements.ts'
import { ClusterDirectory } from '../cluster/nodes/cluster-directory.ts'
import type { ClusterView } from '../cluster/nodes/cluster-view-port.ts'
import type { ClusterNodes } from '../cluster/nodes/nodes-port.ts'
import { RedisBroker } from '../cluster/redis/redis-broker.ts'
import { DatabaseBroker } from '../cluster/wake-ups/database-broker.ts'
import { type BatchWakeUps, noWakeUps } from '../cluster/wake-ups/wake-up-store-port.ts'
import { FocusError } from '../common/errors.ts'
import type { Runtime } from '../common/runtime.ts'
import { focusVersion } from '../common/version.ts'
import { readClusterId } from '../storage/cluster/cluster-id.ts'
import { KyselyEventReader } from '../storage/cluster/event-reader.ts'
import { KyselyNodeStore } from '../storage/cluster/node-store.ts'
import { KyselyWakeUpStore } from '../storage/cluster/wake-up-store.ts'
import type { Foundation } from './foundation.ts'
import { type Closable, openTogether } from './opening.ts'
import { shareBudgets } from './shared-changes.ts'

export interface ClusterParts extends Closable {
  /** Carries messages between the nodes of the database. */
  readonly broker: NodeBroker
  /** The broker for operators. */
  readonly brokerState: BrokerState
  /** The nodes of the database. */
  readonly nodes: ClusterNodes
  /** The connections of all of them. */
  readonly view: ClusterView
  /** How batches of notifications wake the other nodes. */
  readonly wakeUps: BatchWakeUps
  /** Whether the broker tells of every commit of the other processes, so that the log is not read to find them. */
  readonly tellsOfCommits: () => boolean
}

/**
 * Names this node, joins the others of its database, and opens the broker that connects them.
 *
 * @throws FocusError `storage_unavailable`, and those of `RedisBroker.open`
 */
export function composeCluster(foundation: Foundation): Promise<ClusterParts> {
  const { settings, runtime } = foundation
  return openTogether(runtime.logger, async (own) => {
    const name = settings.cluster.node ?? ownName(runtime)
    const shared = isAlone(foundation) ? null : await openLease(name, foundation)
    const nodes = own(shared?.lease ?? loneNode({ ...self(name), startedAt: runtime.clock() }))
    const processId = Buffer.from(runtime.random(4)).toString('hex')
    const driver = await openDriver(nodeId(name, processId), nodes, foundation)
    const isIdle = () => driver instanceof DatabaseBroker && nodes.peers().length === 0
    const broker = own(new LocalFirstBroker(name, driver, isIdle, processId))
    own(new NodeAnnouncements(nodes, broker))
    // Through the database, the row of a commit arrives even when its writer cannot read.
    if (shared && !(driver instanceof DatabaseBroker)) own(tellOfAbsence(broker, shared.lease))
    const view = new ClusterDirectory({ nodes, broker, runtime, shared })
    own({ close: () => view.stop() })
    own(shareBudgets(foundation, broker, nodes, kindOf(driver)))
    return {
      broker,
      brokerState: stateOf(broker, driver),
      nodes,
      view,
      wakeUps: driver instanceof DatabaseBroker ? driver.batches : noWakeUps,
      tellsOfCommits: () => driver !== null && broker.hearsAll && nodes.peers().length > 0,
    }
  })
}

/** Has each node know when messages of another one do not arrive: its way to the database tells of the way to the broker. */
function tellOfAbsence(broker: LocalFirstBroker, lease: NodeLease): Closable {
  const tell = () => void lease.setBrokerAway(!broker.connected)
  const stops = [
    broker.onConnectionChange(tell),
    lease.onPeersChange(() => {
      broker.peersAway = lease.peersAway
    }),
  ]
  broker.peersAway = lease.peersAway
  if (!broker.connected) tell()
  return {
    close: async () => {
      for (const stop of stops) stop()
    },
  }
}

function kindOf(driver: Broker | null): BrokerKind {
  if (driver === null) return 'memory'
  if (driver instanceof DatabaseBroker) return 'database'
  return driver instanceof RedisBroker ? 'redis' : 'own'
}

function stateOf(broker: LocalFirstBroker, driver: Broker | null): BrokerState {
  return {
    kind: kindOf(driver),
    get refused() {
      return broker.refused + (driver instanceof RedisBroker ? driver.refused : 0)
    },
    get connected() {
      return broker.connected
    },
    get sent() {
      return broker.sent
    },
    get received() {
      return broker.received
    },
  }
}

/** Opens the broker that the options select; returns null for a process that is always alone. */
async function openDriver(node: string, nodes: ClusterNodes, foundation: Foundation): Promise<Broker | null> {
  const { broker, redisUrl } = foundation.settings.cluster
  if (broker !== null && typeof broker === 'object') return broker
  if (broker === 'redis' && redisUrl === null) {
    throw new FocusError('invalid_option', 'broker: redis needs the address of a Redis, and none is set.', {
      hint: 'Set REDIS_URL or the option redis, such as redis://host:6379.',
    })
  }
  if (redisUrl !== null && broker === null && isAlone(foundation)) {
    const reason = 'no other process can share the database sqlite::memory:'
    foundation.runtime.logger.warn(`REDIS_URL is set, but ${reason}; Redis is not used`)
  }
  if (redisUrl !== null && (broker === 'redis' || (broker === null && !isAlone(foundation)))) {
    return openRedisBroker(redisUrl, node, foundation)
  }
  return isAlone(foundation) ? null : openDatabaseBroker(nodes, foundation)
}

async function openRedisBroker(url: string, node: string, foundation: Foundation): Promise<RedisBroker> {
  const { runtime, database, secrets } = foundation
  const cluster = await readClusterId(database)
  return RedisBroker.open({ url, node, cluster, secrets, logger: runtime.logger, debug: runtime.debug('broker') })
}

function openDatabaseBroker(nodes: ClusterNodes, { settings, runtime, database }: Foundation): Promise<DatabaseBroker> {
  const { clock, logger } = runtime
  const debug = runtime.debug('broker')
  const delivery = database.forClass('delivery')
  return DatabaseBroker.open({
    store: new KyselyWakeUpStore(delivery, clock),
    events: new KyselyEventReader(delivery, clock),
    nodes,
    signal: delivery.wakeUpSignal({ directUrl: settings.cluster.directUrl, logger, debug }),
    clock,
    logger,
    debug,
  })
}

function isAlone({ settings }: Foundation): boolean {
  return settings.cluster.broker === 'memory' || settings.storage.database === 'sqlite::memory:'
}

async function openLease(name: string, { runtime, database }: Foundation) {
  const store = new KyselyNodeStore(database.forClass('delivery'))
  return { store, lease: await NodeLease.join({ store, runtime, self: self(name) }) }
}

function self(name: string) {
  return { name, address: machineAddress(), version: focusVersion }
}

/** Host names, such as those of pods, have up to 64 characters, and names of nodes too. */
function ownName({ random }: Runtime): string {
  return `${hostname().slice(0, 55)}-${Buffer.from(random(4)).toString('hex')}`
}
