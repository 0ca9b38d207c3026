import type { ClusterView } from '../../cluster/nodes/cluster-view-port.ts'
import type { NodeConnection } from '../../cluster/questions-port.ts'
import { FocusError } from '../../common/errors.ts'
import { toUserKey, type UserId, type UserIdCodec, type UserKey } from '../../common/user-id.ts'
import type { HubState } from '../hub-state.ts'
import type { ConnectionInfo, ConnectionList, RealtimeStats } from '../ports.ts'
import type { HubConnections } from './local-connections.ts'

/** How many connections a list has, and may have: all of them would fill the memory of the node that asks. */
const listedConnections = 1_000
export const mostConnections = 10_000
/** How many user ids the statistics name. */
const namedUsers = 1_000

/** Counts that one user may see. */
export interface UserStats {
  readonly activeUsers: number
  readonly activeConnections: number
  readonly yourConnections: number
}

/** Describes the users and connections of the cluster. A node that is alone answers from memory. */
export class Statistics {
  readonly #state: HubState
  readonly #local: HubConnections
  readonly #userIds: UserIdCodec

  constructor(state: HubState, local: HubConnections, userIds: UserIdCodec) {
    this.#state = state
    this.#local = local
    this.#userIds = userIds
  }

  /** Lists at most `limit` live connections of all nodes, or those of one user. @throws FocusError `invalid_request` */
  async connections(userId: UserId | null, limit = listedConnections): Promise<ConnectionList> {
    if (!Number.isInteger(limit) || limit < 1 || limit > mostConnections) {
      throw new FocusError('invalid_request', `limit must be a whole number from 1 to ${mostConnections}.`)
    }
    const cluster = this.#others()
    const userKey = userId === null ? null : toUserKey(userId)
    const { connections, total, missingNodes } = cluster
      ? await cluster.connections(userKey, limit)
      : { ...this.#local.connections(userKey, limit), missingNodes: [] }
    return {
      connections: connections.map((connection) => this.#info(connection)),
      total,
      truncated: total > connections.length,
      missingNodes,
    }
  }

  async stats(): Promise<RealtimeStats> {
    const activity = await this.#others()?.activity()
    const { users, connections, deliveries, actions } = activity ?? this.#local.activity()
    return {
      websocketEnabled: this.#state.config.enabled,
      activeUsers: users,
      activeConnections: connections,
      connectedUserIds: (activity?.userKeys ?? this.#localUserKeys()).map((key) => this.#userIds.fromKey(key)),
      nodes: activity?.nodes.length ?? 1,
      rates: { deliveries, actions },
    }
  }

  /** Returns what one user may know; at once while this node is alone. */
  statsFor(userKey: UserKey | null): UserStats | Promise<UserStats> {
    const { registry } = this.#state
    const own = userKey === null ? 0 : registry.connectionsOf(userKey).length
    const { activeUsers, activeConnections } = registry
    const cluster = this.#others()
    if (!cluster) return { activeUsers, activeConnections, yourConnections: own }
    return cluster.activity().then(({ users, connections, connectionsElsewhere }) => ({
      activeUsers: users,
      activeConnections: connections,
      yourConnections: own + (userKey === null ? 0 : connectionsElsewhere(userKey)),
    }))
  }

  /** @throws FocusError `node_unreachable` */
  async close(connectionId: string): Promise<boolean> {
    return this.#local.close(connectionId) || ((await this.#others()?.close(connectionId)) ?? false)
  }

  /** Returns null while this node is alone. */
  #others(): ClusterView | null {
    const { cluster } = this.#state
    return cluster === null || cluster.alone ? null : cluster
  }

  #localUserKeys(): UserKey[] {
    const keys: UserKey[] = []
    for (const [userKey, { connections }] of this.#state.registry.streams) {
      if (connections.length === 0) continue
      if (keys.push(userKey) >= namedUsers) break
    }
    return keys
  }

  #info({ userKey, ...connection }: NodeConnection): ConnectionInfo {
    return { ...connection, userId: this.#userIds.fromKey(userKey) }
  }
}
