import type { ConnectionInfo, RealtimeStats } from './ports.ts'

/**
 * The real-time connections of this node: `focus.realtime`.
 *
 * @example
 * ```ts
 * const { activeUsers, rates } = await focus.realtime.stats()
 * ```
 */
export interface Realtime {
  /** Lists the open connections of this node. */
  connections(): Promise<ConnectionInfo[]>
  /** Counts users and connections, and measures the messages per second of the last minute. */
  stats(): Promise<RealtimeStats>
  /** Closes one connection with close code 4014; false when there is no connection of that id. */
  close(connectionId: string): Promise<boolean>
  /**
   * Sends all clients to other nodes: upgrades are refused with 503; every client gets `reconnect` and is closed with 1012, at
   * moments spread over `windowMs` (milliseconds; 5,000 when absent). Resolves when no connection is left.
   */
  drain(options?: { windowMs?: number }): Promise<void>
}
