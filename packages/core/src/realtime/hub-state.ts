import type { AdmissionControl } from '../admission/admission-control.ts'
import type { Client } from '../admission/client.ts'
import type { SessionEnd } from '../auth/ports.ts'
import type { NodeBroker } from '../cluster/broker-port.ts'
import type { ClusterView } from '../cluster/nodes/cluster-view-port.ts'
import type { Debug } from '../common/logging/debug.ts'
import type { Logger } from '../common/logging/logger.ts'
import type { Clock } from '../common/runtime.ts'
import { Connection } from './connections/connection.ts'
import { ConnectionRegistry } from './connections/connection-registry.ts'
import { AddressLimits } from './entry/address-limits.ts'
import { RecentSessionEnds } from './entry/recent-session-ends.ts'
import { RealtimeCounters } from './monitoring/realtime-counters.ts'
import type { Peer } from './peers/peer.ts'
import { TurnWriter } from './peers/turn-writer.ts'
import type { NotificationFeed } from './ports.ts'
import { type CloseCode, closeCodes } from './protocol/close-codes.ts'
import type { RealtimeConfig, RealtimeDeps } from './realtime-config.ts'
import { type RealtimeLimits, resolveLimits } from './realtime-limits.ts'

/** The data that the parts of the hub share: settings, ports, counters, and the connections of this node. */
export class HubState {
  readonly config: RealtimeConfig
  readonly limits: RealtimeLimits
  /** Name of this node in statistics and connection ids. */
  readonly node: string

  readonly feed: NotificationFeed
  readonly broker: NodeBroker
  /** The connections of all nodes; null for a hub that is alone. */
  readonly cluster: ClusterView | null
  readonly control: AdmissionControl
  readonly logger: Logger
  readonly debug: Debug
  readonly brokerDebug: Debug
  readonly clock: Clock

  readonly counters = new RealtimeCounters()
  readonly registry: ConnectionRegistry
  readonly addresses: AddressLimits
  readonly sessionEnds = new RecentSessionEnds()
  readonly turnWriter = new TurnWriter()
  /** True once this node sends its clients to other nodes. */
  draining = false
  #serial = 0

  constructor({ config, runtime, feed, broker, cluster, control }: RealtimeDeps) {
    this.config = config
    this.limits = resolveLimits(config.limits)
    this.node = broker.node
    this.feed = feed
    this.broker = broker
    this.cluster = cluster ?? null
    this.control = control
    this.logger = runtime.logger
    this.debug = runtime.debug('hub')
    this.brokerDebug = runtime.debug('broker')
    this.clock = runtime.clock
    this.registry = new ConnectionRegistry(broker, this.brokerDebug)
    this.addresses = new AddressLimits(this.limits, control)
  }

  /** Returns milliseconds of the monotonic clock, which deadlines use. */
  now(): number {
    return Math.trunc(performance.now())
  }

  connectionId({ serial }: Connection): string {
    return `${this.node}.${this.broker.process}${serial.toString(36)}`
  }

  /** Registers the connection of a new peer. */
  open(peer: Peer, client: Client, withoutCredentials: boolean): Connection {
    this.#serial += 1
    const connection = new Connection(this.#serial, peer, client, this.clock(), this.now())
    connection.withoutCredentials = withoutCredentials
    this.registry.add(connection)
    this.addresses.join(client)
    client.compact()
    this.counters.connectionsOpened += 1
    if (this.debug.enabled) this.#traceOpened(connection)
    return connection
  }

  /** Closes a connection with a code. It leaves the registry when its peer has closed. */
  end(connection: Connection, code: CloseCode): void {
    if (connection.ended) return
    this.counters.closed(code.code)
    const now = this.now()
    this.registry.leave(connection, now)
    connection.end(code, now)
    if (this.debug.enabled) this.#traceClosed(connection, code.code, code.reason)
  }

  /**
   * Removes a connection whose peer has closed.
   *
   * @param code counted unless the hub ended the connection itself
   */
  remove(connection: Connection, code: number): void {
    if (!connection.ended) {
      this.counters.closed(code)
      if (this.debug.enabled) this.#traceClosed(connection, code, 'closed by the client')
    }
    connection.ended = true
    if (connection.registryIndex >= 0) this.addresses.leave(connection.client)
    this.registry.remove(connection, this.now())
  }

  /** Closes the connections of a session that ended, those included that are still being admitted. */
  endSession(end: SessionEnd): void {
    const { userKey, sessionId } = end
    this.sessionEnds.add(end, this.now())
    // A copy, because a connection that ends leaves the list.
    for (const connection of this.registry.connectionsOf(userKey).slice()) {
      if (sessionId === null || connection.sessionId === sessionId) this.end(connection, closeCodes.sessionRevoked)
    }
  }

  #traceOpened(connection: Connection): void {
    this.debug('connection opened', {
      connection: this.connectionId(connection),
      transport: connection.peer.transport,
      address: connection.client.address,
    })
  }

  #traceClosed(connection: Connection, code: number, reason: string): void {
    this.debug('connection closed', {
      connection: this.connectionId(connection),
      userKey: connection.userKey,
      code,
      reason,
    })
  }
}
