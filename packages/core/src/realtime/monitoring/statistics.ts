import type { UserIdCodec } from '../../common/user-id.ts'
import type { HubState } from '../hub-state.ts'
import type { ConnectionInfo, RealtimeStats } from '../ports.ts'
import type { RateMeter } from './rate-meter.ts'

/** How many user ids the statistics name. */
const namedUsers = 1_000

/** Describes the connections of this node for operators. */
export class Statistics {
  readonly #state: HubState
  readonly #rates: RateMeter
  readonly #userIds: UserIdCodec

  constructor(state: HubState, rates: RateMeter, userIds: UserIdCodec) {
    this.#state = state
    this.#rates = rates
    this.#userIds = userIds
  }

  /** Lists the live connections. */
  connections(): ConnectionInfo[] {
    const infos: ConnectionInfo[] = []
    for (const connection of this.#state.registry.connections) {
      const { userKey } = connection
      if (!connection.live || userKey === null) continue
      infos.push({
        id: this.#state.connectionId(connection),
        userId: this.#userIds.fromKey(userKey),
        node: this.#state.node,
        since: connection.since,
        transport: connection.peer.transport,
        offset: connection.own?.position ?? 0,
        lag: (connection.own?.lag ?? 0) + (connection.all?.lag ?? 0),
        acknowledged: connection.acknowledged,
      })
    }
    return infos
  }

  stats(): RealtimeStats {
    const { config, registry } = this.#state
    const connectedUserIds = []
    for (const [userKey, { connections }] of registry.streams) {
      if (connections.length === 0) continue
      if (connectedUserIds.push(this.#userIds.fromKey(userKey)) >= namedUsers) break
    }
    return {
      websocketEnabled: config.enabled,
      activeUsers: registry.activeUsers,
      activeConnections: registry.activeConnections,
      connectedUserIds,
      nodes: 1,
      rates: this.#rates.rates(this.#state.now()),
    }
  }
}
