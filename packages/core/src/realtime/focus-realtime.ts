import type { UserId } from '../common/user-id.ts'
import type { ConnectionInfo, ConnectionList, RealtimeStats } from './ports.ts'

/**
 * The real-time connections of all nodes of the database: `focus.realtime`.
 *
 * @example
 * ```ts
 * const { activeUsers, rates } = await focus.realtime.stats()
 * ```
 */
export interface Realtime {
  /**
   * Lists the open connections of all nodes, or those of one user: at most 10,000, of the nodes that answer within two seconds.
   * `connectionList` tells how many there are, and which nodes did not answer.
   */
  connections(filter?: { readonly userId?: UserId }): Promise<ConnectionInfo[]>
  /**
   * Lists the open connections of all nodes, or those of one user. The answer tells when there are more than `limit` (1,000 when
   * absent, at most 10,000), and names the nodes that did not answer within two seconds.
   *
   * @throws FocusError `invalid_request` for a limit that is out of range
   */
  connectionList(filter?: { readonly userId?: UserId; readonly limit?: number }): Promise<ConnectionList>
  /**
   * Counts the users and connections of all nodes, and their messages per second of the last minute. With several nodes, the
   * counts may be two seconds old.
   */
  stats(): Promise<RealtimeStats>
  /**
   * Closes one connection with close code 4014, on whatever node it is; false when there is no connection of that id.
   *
   * @throws FocusError `node_unreachable` when the node of the connection does not answer
   */
  close(connectionId: string): Promise<boolean>
  /**
   * Sends all clients of this node to other nodes: upgrades are refused with 503; every client gets `reconnect` and is closed with 1012, at
   * moments spread over `windowMs` (milliseconds; 5,000 when absent). Resolves when no connection is left.
   */
  drain(options?: { windowMs?: number }): Promise<void>
}
