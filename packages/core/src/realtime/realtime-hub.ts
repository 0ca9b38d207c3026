import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Principal, SessionEnd } from '../auth/ports.ts'
import type { Realtime } from './focus-realtime.ts'
import type { RealtimeConfig, RealtimeDeps } from './realtime-config.ts'
import type { RealtimeCounters } from './monitoring/realtime-counters.ts'
import type { EventStreamRequest } from './entry/event-stream.ts'
import { Hub } from './hub.ts'
import type { RealtimeLimits } from './realtime-limits.ts'
import type { RenderedMetrics } from './monitoring/realtime-metrics.ts'
import type { Tickets } from './entry/tickets.ts'

/** The hub of one node, as returned by `createRealtime`. */
export interface RealtimeHub extends Realtime {
  readonly config: RealtimeConfig
  readonly limits: RealtimeLimits
  readonly counters: Readonly<RealtimeCounters>
  readonly tickets: Tickets
  /** Whether this node sends its clients to other nodes. */
  readonly draining: boolean
  /** Renders the metrics of this node for Prometheus. */
  metrics(): Promise<RenderedMetrics>
  /**
   * Opens a stream of Server-Sent Events, for clients behind proxies that break WebSocket.
   *
   * @throws FocusError `draining`, `at_capacity`, `rate_limited`
   */
  openEventStream(principal: Principal, request: EventStreamRequest): Promise<Response>
  /** Handles a WebSocket upgrade on the hub's own path. Returns false, and does not touch the socket, on any other path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Compares all local streams with the log now. Call it after a commit of another process. */
  heal(): void
  /** Closes the local connections of a session that ended, here or on another node, with 4503. */
  sessionEnded(end: SessionEnd): void
  /** Drains immediately, cuts clients that do not close, stops timers and unsubscribes from the broker, which stays open. */
  shutdown(): Promise<void>
}

/**
 * Creates the real-time hub of a node. It holds the connections, writes the events that the broker brings to them, and reads
 * events from the log that the broker lost.
 *
 * @throws FocusError `invalid_option` for a limit that is out of range
 *
 * @example
 * ```ts
 * const realtime = createRealtime({ config, runtime, control, verifier, feed, broker, oneTime, sealer, userIds })
 * server.on('upgrade', (request, socket, head) => {
 *   if (!realtime.upgrade(request, socket, head)) socket.destroy()
 * })
 * ```
 */
export function createRealtime(deps: RealtimeDeps): RealtimeHub {
  return new Hub(deps)
}
