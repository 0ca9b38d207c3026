import { ConnectionCounts } from '../../admission/connection-counts.ts'
import type { NodeBroker } from '../../cluster/broker-port.ts'
import type { Debug } from '../../common/logging/debug.ts'
import type { UserKey } from '../../common/user-id.ts'
import { Stream } from '../delivery/stream.ts'
import type { Connection } from './connection.ts'
import { UserStream } from './user-stream.ts'

const none: readonly Connection[] = []

/** The connections of this node, and an index from user to stream to connections. */
export class ConnectionRegistry {
  readonly connections: Connection[] = []
  readonly streams = new Map<UserKey, UserStream>()
  /** The stream of broadcasts, which every connection follows. */
  readonly shared = new Stream(null)
  /** Connections whose clients have not shown credentials yet. */
  withoutCredentials = 0
  /** Advances whenever a connection joins or leaves its user. */
  changes = 0
  readonly withoutCredentialsByNetwork = new ConnectionCounts()
  readonly #broker: NodeBroker
  readonly #debug: Debug
  #activeUsers = 0
  #activeConnections = 0

  /** @param debug traces the subscriptions at the broker */
  constructor(broker: NodeBroker, debug: Debug) {
    this.#broker = broker
    this.#debug = debug
  }

  /** Users with at least one connection. */
  get activeUsers(): number {
    return this.#activeUsers
  }

  /** Authenticated connections. */
  get activeConnections(): number {
    return this.#activeConnections
  }

  /** Connections of one user on this node. */
  connectionsOf(userKey: UserKey): readonly Connection[] {
    return this.streams.get(userKey)?.connections ?? none
  }

  add(connection: Connection): void {
    connection.registryIndex = this.connections.push(connection) - 1
    if (!connection.withoutCredentials) return
    this.withoutCredentials += 1
    this.withoutCredentialsByNetwork.join(connection.client)
  }

  /** Adds an authenticated connection to its user's stream. The user's first one subscribes to the user at the broker. */
  follow(connection: Connection, userKey: UserKey): UserStream {
    this.#hasCredentials(connection)
    let stream = this.streams.get(userKey)
    if (!stream) {
      stream = new UserStream(userKey)
      this.streams.set(userKey, stream)
      this.#subscribe(stream)
    }
    this.#activeConnections += 1
    this.changes += 1
    connection.userKey = userKey
    if (stream.connections.length === 0) {
      this.#activeUsers += 1
      // Most users have one connection, and a list that grows by `push` reserves room for many.
      stream.connections = [connection]
      connection.userIndex = 0
    } else {
      connection.userIndex = stream.connections.push(connection) - 1
    }
    return stream
  }

  /** Removes a connection from its user's stream; its socket may still be closing. */
  leave(connection: Connection, now: number): void {
    const stream = connection.userKey === null ? undefined : this.streams.get(connection.userKey)
    if (!stream || connection.userIndex < 0) return
    const last = stream.connections.pop()
    if (last && last !== connection) {
      stream.connections[connection.userIndex] = last
      last.userIndex = connection.userIndex
    }
    connection.userIndex = -1
    this.#activeConnections -= 1
    this.changes += 1
    if (stream.connections.length > 0) return
    stream.emptySince = now
    this.#activeUsers -= 1
  }

  remove(connection: Connection, now: number): void {
    if (connection.registryIndex < 0) return
    const last = this.connections.pop()
    if (last && last !== connection) {
      this.connections[connection.registryIndex] = last
      last.registryIndex = connection.registryIndex
    }
    connection.registryIndex = -1
    this.#hasCredentials(connection)
    this.leave(connection, now)
  }

  /** Unsubscribes from users without a connection for `lingerMs`; a page that reloads comes back before that. */
  releaseIdle(now: number, lingerMs: number): void {
    for (const [userKey, stream] of this.streams) {
      if (stream.connections.length > 0 || now - stream.emptySince < lingerMs) continue
      this.streams.delete(userKey)
      if (this.#debug.enabled) this.#debug('user unsubscribed', { userKey })
      this.#broker.unsubscribe(userKey).catch(() => undefined)
    }
  }

  /** While the broker fails, the healer reads the heads instead: notifications arrive later and none is lost. */
  #subscribe(stream: UserStream): void {
    const { userKey } = stream
    const settled = (error?: unknown) => {
      stream.subscribing = null
      if (!this.#debug.enabled) return
      if (error === undefined) this.#debug('user subscribed', { userKey })
      else this.#debug('subscribing to a user failed', { userKey, error })
    }
    stream.subscribing = this.#broker.subscribe(userKey).then(settled, settled)
  }

  #hasCredentials(connection: Connection): void {
    if (!connection.withoutCredentials) return
    connection.withoutCredentials = false
    this.withoutCredentials -= 1
    this.withoutCredentialsByNetwork.leave(connection.client)
  }
}
