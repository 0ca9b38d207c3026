import { isoTimestamp } from '../../wire/iso-timestamp.ts'
import type { Healer } from '../delivery/healer.ts'
import type { HubState } from '../hub-state.ts'
import type { RateMeter } from '../monitoring/rate-meter.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import type { Connection } from './connection.ts'

/** A sweep that is later than this means that the process was stopped; clients that were silent in that time are not closed. */
const stallMs = 1_000

/** The node's only timer: heartbeats, pings and all deadlines of all connections. Runs while there is a connection. */
export class Sweeper {
  readonly #state: HubState
  readonly #healer: Healer
  readonly #rates: RateMeter
  readonly #tickMs: number
  #timer: NodeJS.Timeout | null = null
  #lastAt = 0

  constructor(state: HubState, healer: Healer, rates: RateMeter) {
    this.#state = state
    this.#healer = healer
    this.#rates = rates
    this.#tickMs = tickMs(state.limits, state.config.heartbeatIntervalMs)
  }

  start(): void {
    if (this.#timer) return
    this.#lastAt = this.#state.now()
    this.#timer = setInterval(() => this.#sweep(), this.#tickMs)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #sweep(): void {
    const { registry, limits, sessionEnds } = this.#state
    const now = this.#state.now()
    const wallNow = this.#state.clock()
    const elapsedMs = now - this.#lastAt
    this.#lastAt = now
    const stalledMs = elapsedMs > this.#tickMs + stallMs ? elapsedMs : 0
    // Backwards, because the last connection takes the place of a removed one.
    for (let index = registry.connections.length - 1; index >= 0; index -= 1) {
      const connection = registry.connections[index]
      if (!connection) continue
      connection.heardAt += stalledMs
      this.#inspect(connection, now, wallNow)
    }
    registry.releaseIdle(now, limits.lingerMs)
    this.#healer.tick(now, elapsedMs)
    sessionEnds.prune(now)
    this.#rates.sample(now)
    if (registry.connections.length === 0 && registry.streams.size === 0) this.stop()
  }

  #inspect(connection: Connection, now: number, wallNow: number): void {
    if (connection.ended) {
      // A client that does not close in time is cut off.
      if (now - connection.endedAt >= this.#state.limits.closeTimeoutMs) connection.peer.terminate()
      return
    }
    const code = this.#missedDeadline(connection, now, wallNow)
    if (code !== null) this.#state.end(connection, code)
    else if (connection.live && !connection.lagging) this.#keepAlive(connection, now, wallNow)
  }

  #missedDeadline(connection: Connection, now: number, wallNow: number): CloseCode | null {
    const { limits } = this.#state
    if (connection.authExpiresAt <= wallNow) return closeCodes.tokenExpired
    if (connection.lagging) return now - connection.laggingSince >= limits.lagTimeoutMs ? closeCodes.tooSlow : null
    if (!connection.live) {
      if (now - connection.openedAt < limits.authTimeoutMs) return null
      return connection.userKey === null ? closeCodes.authTimeout : closeCodes.overloaded
    }
    if (connection.peer.transport !== 'websocket') return null
    return now - connection.heardAt >= limits.pingIntervalMs + limits.pongTimeoutMs ? closeCodes.noPong : null
  }

  #keepAlive(connection: Connection, now: number, wallNow: number): void {
    const { limits, config } = this.#state
    if (!connection.expiryNoticed && connection.authExpiresAt - wallNow <= limits.expiryNoticeMs) {
      connection.expiryNoticed = true
      connection.send({ type: 'auth_expiring', expires_at: isoTimestamp(connection.authExpiresAt) })
    }
    if (now >= connection.nextPingAt) {
      connection.nextPingAt = now + limits.pingIntervalMs
      connection.peer.ping()
    }
    if (now < connection.nextHeartbeatAt) return
    connection.nextHeartbeatAt = Math.max(now + 1, connection.nextHeartbeatAt + config.heartbeatIntervalMs)
    sendHeartbeat(connection, wallNow)
  }
}

/** A tenth of the shortest interval, between 10 ms and 1 second. */
function tickMs(limits: RealtimeLimits, heartbeatIntervalMs: number): number {
  const shortest = Math.min(
    heartbeatIntervalMs,
    limits.authTimeoutMs,
    limits.lagTimeoutMs,
    limits.pingIntervalMs,
    limits.pongTimeoutMs,
    limits.healIntervalMs * 2,
    limits.healIntervalBrokerAwayMs * 10,
  )
  return Math.min(1_000, Math.max(10, Math.floor(shortest / 10)))
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
    // Both only grow, so their sum grows when either does.
    state_rev: own.stream.stateRev + all.stream.stateRev,
  })
}
