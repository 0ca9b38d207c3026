import type { Activity, LocalConnections } from '../../cluster/nodes/cluster-view-port.ts'
import type { NodeConnection, NodeConnections } from '../../cluster/questions-port.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Connection } from '../connections/connection.ts'
import type { HubState } from '../hub-state.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { RateMeter } from './rate-meter.ts'
import { sampleUsers } from './user-sample.ts'

/** The connections of this node, for operators and for the other nodes. */
export class HubConnections implements LocalConnections {
  readonly #state: HubState
  readonly #rates: RateMeter

  constructor(state: HubState, rates: RateMeter) {
    this.#state = state
    this.#rates = rates
  }

  get changes(): number {
    return this.#state.registry.changes
  }

  activity(): Activity {
    const { registry } = this.#state
    const { deliveries, actions } = this.#rates.rates(this.#state.now())
    return { users: registry.activeUsers, connections: registry.activeConnections, deliveries, actions }
  }

  sample(limit: number): ReadonlyMap<UserKey, number> {
    const { registry } = this.#state
    return sampleUsers(registry.streams.values(), registry.activeUsers, limit)
  }

  connections(userKey: UserKey | null, limit: number): NodeConnections {
    const { registry } = this.#state
    const candidates = userKey === null ? registry.connections : registry.connectionsOf(userKey)
    const connections: NodeConnection[] = []
    let total = 0
    for (const connection of candidates) {
      if (!connection.live || connection.userKey === null) continue
      total += 1
      if (total <= limit) connections.push(this.#describe(connection, connection.userKey))
    }
    return { connections, total }
  }

  close(connectionId: string): boolean {
    const connection = this.#state.registry.connections.find(
      (candidate) => candidate.live && this.#state.connectionId(candidate) === connectionId,
    )
    if (!connection) return false
    this.#state.end(connection, closeCodes.closedByOperator)
    return true
  }

  #describe(connection: Connection, userKey: UserKey): NodeConnection {
    return {
      id: this.#state.connectionId(connection),
      userKey,
      node: this.#state.node,
      since: connection.since,
      transport: connection.peer.transport,
      offset: connection.own?.position ?? 0,
      lag: (connection.own?.lag ?? 0) + (connection.all?.lag ?? 0),
      acknowledged: connection.acknowledged,
    }
  }
}
