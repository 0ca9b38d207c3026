import type { Connection } from './connection.ts'
import type { Healer } from '../delivery/healer.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import { isoTimestamp } from '../delivery/encoded-message.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { ConnectionRegistry } from './connection-registry.ts'

/** Above this delay of a sweep the process itself was stopped, and silent clients are not to blame. */
const stallMs = 1_000

export interface SweeperDeps {
  readonly registry: ConnectionRegistry
  readonly healer: Healer
  readonly limits: RealtimeLimits
  readonly heartbeatIntervalMs: number
  readonly now: () => number
  readonly clock: () => number
  readonly end: (connection: Connection, code: CloseCode) => void
  /** Called with each sweep, for what else has to be forgotten in time. */
  readonly onSweep: (now: number) => void
}

/** The node's only timer: heartbeats, pings and every deadline of every connection. Runs while there is one. */
export class Sweeper {
  readonly #deps: SweeperDeps
  readonly #tickMs: number
  #timer: NodeJS.Timeout | null = null
  #lastAt = 0

  constructor(deps: SweeperDeps) {
    this.#deps = deps
    const { limits, heartbeatIntervalMs } = deps
    const finest = Math.min(
      heartbeatIntervalMs,
      limits.authTimeoutMs,
      limits.lagTimeoutMs,
      limits.pingIntervalMs,
      limits.pongTimeoutMs,
      limits.healIntervalMs * 2,
      limits.healIntervalBrokerAwayMs * 10,
    )
    this.#tickMs = Math.min(1_000, Math.max(10, Math.floor(finest / 10)))
  }

  start(): void {
    if (this.#timer) return
    this.#lastAt = this.#deps.now()
    this.#timer = setInterval(() => this.#sweep(), this.#tickMs)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #sweep(): void {
    const { registry, limits, healer } = this.#deps
    const now = this.#deps.now()
    const wallNow = this.#deps.clock()
    const elapsedMs = now - this.#lastAt
    this.#lastAt = now
    const stalledMs = elapsedMs > this.#tickMs + stallMs ? elapsedMs : 0
    // Backwards, because a connection that is dropped gives its place to the last one.
    for (let index = registry.connections.length - 1; index >= 0; index -= 1) {
      const connection = registry.connections[index]
      if (!connection) continue
      connection.heardAt += stalledMs
      this.#inspect(connection, now, wallNow)
    }
    registry.forgetIdle(now, limits.lingerMs)
    healer.tick(now, elapsedMs)
    this.#deps.onSweep(now)
    if (registry.connections.length === 0 && registry.streams.size === 0) this.stop()
  }

  #inspect(connection: Connection, now: number, wallNow: number): void {
    const { limits, end } = this.#deps
    if (connection.ended) {
      // A goodbye that is not taken: `ws` cuts its sockets by itself, and streams of events are cut here.
      if (now - connection.endedAt >= limits.closeTimeoutMs) connection.peer.terminate()
      return
    }
    if (connection.authExpiresAt <= wallNow) {
      end(connection, closeCodes.tokenExpired)
    } else if (connection.lagging) {
      if (now - connection.laggingSince >= limits.lagTimeoutMs) end(connection, closeCodes.tooSlow)
    } else if (!connection.live) {
      if (now - connection.openedAt < limits.authTimeoutMs) return
      end(connection, connection.stream ? closeCodes.overloaded : closeCodes.authTimeout)
    } else if (
      connection.peer.transport === 'websocket' &&
      now - connection.heardAt >= limits.pingIntervalMs + limits.pongTimeoutMs
    ) {
      end(connection, closeCodes.noPong)
    } else {
      this.#keepAlive(connection, now, wallNow)
    }
  }

  #keepAlive(connection: Connection, now: number, wallNow: number): void {
    const { limits, heartbeatIntervalMs } = this.#deps
    if (!connection.expiryNoticed && connection.authExpiresAt - wallNow <= limits.expiryNoticeMs) {
      connection.expiryNoticed = true
      connection.send({ type: 'auth_expiring', expires_at: isoTimestamp(connection.authExpiresAt) })
    }
    if (now >= connection.nextPingAt) {
      connection.nextPingAt = now + limits.pingIntervalMs
      connection.peer.ping()
    }
    if (now < connection.nextHeartbeatAt) return
    connection.nextHeartbeatAt = Math.max(now + 1, connection.nextHeartbeatAt + heartbeatIntervalMs)
    sendHeartbeat(connection, wallNow)
  }
}

function sendHeartbeat(connection: Connection, wallNow: number): void {
  const { own, all } = connection
  if (own === null || all === null) return
  connection.send({
    type: 'heartbeat',
    timestamp: isoTimestamp(wallNow),
    epoch: own.epoch,
    offset: own.position,
    all: { epoch: all.epoch, offset: all.position },
    // Both only grow, so a change of either makes their sum jump.
    state_rev: own.stream.stateRev + all.stream.stateRev,
  })
}
