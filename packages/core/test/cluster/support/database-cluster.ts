import type { Broker, BrokerMessage } from '../../../src/cluster/broker-port.ts'
import { NodeLease } from '../../../src/cluster/nodes/node-lease.ts'
import { DatabaseBroker } from '../../../src/cluster/wake-ups/database-broker.ts'
import { encodeMoves } from '../../../src/cluster/wake-ups/stream-moves-port.ts'
import { lanes } from '../../../src/cluster/wake-ups/wake-up-store-port.ts'
import type { WakeUpSignal } from '../../../src/cluster/wake-ups/wake-up-signal-port.ts'
import { debugSource } from '../../../src/common/logging/debug.ts'
import type { NotificationEvent } from '../../../src/notifications/ports.ts'
import { KyselyEventReader } from '../../../src/storage/cluster/event-reader.ts'
import { KyselyNodeStore } from '../../../src/storage/cluster/node-store.ts'
import { KyselyWakeUpStore } from '../../../src/storage/cluster/wake-up-store.ts'
import type { AnyKysely } from '../../../src/storage/dialects/any-kysely.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { toStreamOwner } from '../../../src/storage/log/event-rows.ts'
import { type RecordingLogger, recordingLogger } from '../../../src/testing.ts'

/** One node of a database: its own connections, lease and broker. */
export class DatabaseNode {
  readonly database: Database
  readonly lease: NodeLease
  readonly broker: DatabaseBroker
  readonly store: KyselyWakeUpStore
  readonly logger: RecordingLogger

  constructor(parts: Pick<DatabaseNode, 'database' | 'lease' | 'broker' | 'store' | 'logger'>) {
    this.database = parts.database
    this.lease = parts.lease
    this.broker = parts.broker
    this.store = parts.store
    this.logger = parts.logger
  }

  /** Writes events and their wake-up, as a batch of the log does. */
  async commit(events: readonly NotificationEvent[]): Promise<void> {
    const { db } = this.database
    const wakeUp = this.broker.batches.next()
    await db.insertInto('focus_notifications').values(events.map(toRow)).execute()
    this.broker.batches.ended()
    if (!wakeUp) return
    const content = encodeMoves(events.map(({ userKey, offset }) => ({ owner: toStreamOwner(userKey), offset })))
    await this.store.add({ ...wakeUp, lane: lanes.commits, content })
  }

  async close(): Promise<void> {
    await this.broker.close()
    await this.lease.close()
    await this.database.close()
  }
}

/** The nodes of one database whose tables are up to date. */
export class DatabaseCluster {
  readonly nodes: DatabaseNode[] = []
  readonly #source: () => string | AnyKysely

  /** @param source the URL, or a function that opens it as an application does for itself */
  constructor(source: string | (() => string | AnyKysely)) {
    this.#source = typeof source === 'string' ? () => source : source
  }

  /** Opens a node that every other node knows. */
  async open(name: string, { directUrl = null as string | null } = {}): Promise<DatabaseNode> {
    const logger = recordingLogger()
    const runtime = { logger, debug: debugSource(undefined, null), clock: Date.now }
    const database = (await openDatabase(this.#source(), runtime)).forClass('delivery')
    const store = new KyselyWakeUpStore(database, Date.now)
    const lease = await NodeLease.join({
      store: new KyselyNodeStore(database),
      runtime,
      self: { name, address: null, version: '1.0.0' },
    })
    const debug = runtime.debug('broker')
    const signal: WakeUpSignal | null = database.wakeUpSignal({ directUrl, logger, debug })
    const events = new KyselyEventReader(database, Date.now)
    const broker = await DatabaseBroker.open({ ...runtime, store, events, nodes: lease, signal, debug })
    const node = new DatabaseNode({ database, lease, broker, store, logger })
    this.nodes.push(node)
    for (const other of this.nodes) await other.lease.refresh()
    return node
  }

  async close(node: DatabaseNode): Promise<void> {
    this.nodes.splice(this.nodes.indexOf(node), 1)
    await node.close()
  }
}

/** A node as the suite of brokers sees it: it writes the notifications that are published, one message after another. */
export function writingBroker(cluster: DatabaseCluster, node: DatabaseNode): Broker {
  const { broker } = node
  let writing = Promise.resolve()
  return {
    get connected() {
      return broker.connected
    },
    publish: (message: BrokerMessage) => {
      writing = writing.then(async () => {
        const closed = !cluster.nodes.includes(node)
        if (message.kind === 'notifications' && !closed) await node.commit(message.events)
        broker.publish(message)
      })
    },
    subscribe: (userKey) => broker.subscribe(userKey),
    unsubscribe: (userKey) => broker.unsubscribe(userKey),
    onMessage: (listener) => broker.onMessage(listener),
    onConnectionChange: (listener) => broker.onConnectionChange(listener),
    close: async () => {
      await writing
      if (cluster.nodes.includes(node)) await cluster.close(node)
    },
  }
}

function toRow(event: NotificationEvent) {
  const { userKey, offset, id, type, title, message, data, count, groupKey, timestamp, expiresAt } = event
  return {
    user_key: toStreamOwner(userKey),
    offset,
    id,
    event: event.event,
    type,
    title,
    message,
    data: JSON.stringify(data),
    count,
    group_key: groupKey,
    created_at: timestamp,
    expires_at: expiresAt,
    read_at: null,
  }
}
