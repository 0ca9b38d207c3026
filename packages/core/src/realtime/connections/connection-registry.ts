import { ConnectionCounts } from '../../admission/connection-counts.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Connection } from './connection.ts'
import { Stream } from '../delivery/stream.ts'
import type { Broker } from '../ports.ts'

/** Who is connected to this node: all connections, and an index from user to stream to connections. */
export class ConnectionRegistry {
  readonly connections: Connection[] = []
  readonly streams = new Map<UserKey, Stream>()
  /** The stream of broadcasts, which every connection follows. */
  readonly shared = new Stream(null)
  readonly #broker: Broker
  /** Connections that have not said yet who they are. */
  waiting = 0
  readonly waitingByNetwork = new ConnectionCounts()
  #activeUsers = 0
  #activeConnections = 0

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** Users with at least one connection. */
  get activeUsers(): number {
    return this.#activeUsers
  }

  /** Authenticated connections. */
  get activeConnections(): number {
    return this.#activeConnections
  }

  add(connection: Connection): void {
    connection.hubIndex = this.connections.push(connection) - 1
    if (!connection.waiting) return
    this.waiting += 1
    this.waitingByNetwork.join(connection.client)
  }

  /** Puts an authenticated connection into its user's stream; the first one has the broker tell this node of the user. */
  follow(connection: Connection, userKey: UserKey): Stream {
    this.#stopWaiting(connection)
    let stream = this.streams.get(userKey)
    if (!stream) {
      stream = new Stream(userKey)
      this.streams.set(userKey, stream)
      this.#subscribe(stream, userKey)
    }
    this.#activeConnections += 1
    connection.stream = stream
    if (stream.connections.length === 0) {
      this.#activeUsers += 1
      // Most people have one connection, and a list that grows takes room for many.
      stream.connections = [connection]
      connection.streamIndex = 0
    } else {
      connection.streamIndex = stream.connections.push(connection) - 1
    }
    return stream
  }

  /** A broker that is away costs time, never a notification: the heads are read instead. */
  #subscribe(stream: Stream, userKey: UserKey): void {
    const settled = () => {
      stream.ready = null
    }
    stream.ready = this.#broker.subscribe(userKey).then(settled, settled)
  }

  remove(connection: Connection, now: number): void {
    if (connection.hubIndex < 0) return
    const last = this.connections.pop()
    if (last && last !== connection) {
      this.connections[connection.hubIndex] = last
      last.hubIndex = connection.hubIndex
    }
    connection.hubIndex = -1
    this.#stopWaiting(connection)
    this.leave(connection, now)
  }

  #stopWaiting(connection: Connection): void {
    if (!connection.waiting) return
    connection.waiting = false
    this.waiting -= 1
    this.waitingByNetwork.leave(connection.client)
  }

  /** Has the broker stop telling of users who have been gone for a while, so that a reload of a page costs it nothing. */
  forgetIdle(now: number, lingerMs: number): void {
    for (const [userKey, stream] of this.streams) {
      if (stream.connections.length > 0 || now - stream.emptySince < lingerMs) continue
      this.streams.delete(userKey)
      this.#broker.unsubscribe(userKey).catch(() => undefined)
    }
  }

  /** Takes a connection out of its user's stream; its socket may still be saying goodbye. */
  leave(connection: Connection, now: number): void {
    const { stream } = connection
    if (!stream || connection.streamIndex < 0) return
    const last = stream.connections.pop()
    if (last && last !== connection) {
      stream.connections[connection.streamIndex] = last
      last.streamIndex = connection.streamIndex
    }
    connection.streamIndex = -1
    this.#activeConnections -= 1
    if (stream.connections.length > 0) return
    stream.emptySince = now
    this.#activeUsers -= 1
  }
}
