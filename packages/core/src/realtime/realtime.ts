import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { type Server as WebSocketServerOf, type WebSocket, WebSocketServer } from 'ws'
import type { SessionEnd, TokenVerifier } from '../auth/types.ts'
import type { OneTimeStore } from '../one-time.ts'
import type { Runtime } from '../runtime.ts'
import type { UserIdCodec } from '../user-id.ts'
import { ActionHandler } from './action-handler.ts'
import { Admission } from './admission.ts'
import { CatchUp } from './catch-up.ts'
import { Connection } from './connection.ts'
import { Counters } from './counters.ts'
import { findCredentials } from './credentials.ts'
import { Deliverer } from './deliverer.ts'
import { Dispatcher } from './dispatcher.ts'
import { Drain } from './drain.ts'
import { Gate } from './gate.ts'
import { filterOf, offeredProtocols, parseTarget, refuseUpgrade, resumeOf, subprotocol } from './handshake.ts'
import { Healer } from './healer.ts'
import { Heads } from './heads.ts'
import { type RealtimeLimits, resolveLimits } from './limits.ts'
import { type CloseCode, closeCodes } from './protocol/close-codes.ts'
import type { RealtimeLocale } from './protocol/errors.ts'
import { RateMeter } from './rate-meter.ts'
import { Registry } from './registry.ts'
import { Sweeper } from './sweeper.ts'
import { Synchronizer } from './synchronizer.ts'
import { Tickets } from './tickets.ts'
import { TurnWriter } from './turn-writer.ts'
import type { Broker, ConnectionInfo, NotificationFeed, RealtimeStats } from './types.ts'
import { FocusWebSocket, WebSocketPeer } from './web-socket-peer.ts'

/** How many user ids the statistics name. */
const namedUsers = 1_000
/** How long after the drain window a client may take to say goodbye. */
const goodbyeMs = 1_000

export interface RealtimeConfig {
  /** Such as `/api`; the WebSocket is at `<basePath>/ws/notifications`. */
  readonly basePath: string
  /** `WEBSOCKET_ENABLED`. */
  readonly enabled: boolean
  /** `WEBSOCKET_HEARTBEAT_INTERVAL`, in milliseconds here. */
  readonly heartbeatIntervalMs: number
  /** Language of the texts that the protocol itself carries. */
  readonly locale: RealtimeLocale
  /** Who may read `GET /ws/stats`. */
  readonly stats: 'admin' | 'public'
  readonly limits?: Partial<RealtimeLimits>
  /** Decides on the `Origin` of an upgrade; undefined where the client sent none. */
  readonly isOriginAllowed: (origin: string | undefined, request: IncomingMessage) => boolean
  /** The client's address; the peer's own when absent. */
  readonly clientAddress?: (request: IncomingMessage) => string | null
  /** Name of this node in statistics and connection ids; host name and a random suffix when absent. */
  readonly node?: string
}

export interface RealtimeDeps {
  readonly config: RealtimeConfig
  readonly runtime: Runtime
  readonly verifier: TokenVerifier
  readonly feed: NotificationFeed
  readonly broker: Broker
  readonly oneTime: OneTimeStore
  readonly userIds: UserIdCodec
  /** When a session ends at the latest (milliseconds since 1970), null once it ended; tickets of the event stream live as long. */
  readonly sessionExpiry?: (sessionId: string) => Promise<number | null>
  /** Told, per committed event that a local connection got, how many milliseconds passed since the commit. */
  readonly observeLatency?: (milliseconds: number) => void
}

/** What an application sees of the hub, as `focus.realtime`. */
export interface Realtime {
  connections(): Promise<ConnectionInfo[]>
  stats(): Promise<RealtimeStats>
  /** Closes one connection with 4014; false when there is none of that id. */
  close(connectionId: string): Promise<boolean>
  /**
   * Sends all clients elsewhere: upgrades are refused with 503, every client gets `reconnect` and is closed with 1012,
   * spread evenly over the window. Resolves when no connection is left.
   */
  drain(options?: { windowMs?: number }): Promise<void>
}

/** The hub of one node. Made by `createRealtime`. */
export interface RealtimeHub extends Realtime {
  readonly config: RealtimeConfig
  readonly limits: RealtimeLimits
  readonly counters: Counters
  readonly tickets: Tickets
  /** Whether this node is sending its clients elsewhere. */
  readonly draining: boolean
  /** Takes a WebSocket upgrade on the hub's own path; false, and nothing is touched, on any other. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Closes the local connections of a session that ended, with 4503. Brokers carry the same to other nodes. */
  sessionEnded(end: SessionEnd): void
  /** Drains at once, cuts who does not say goodbye, stops timers and leaves the broker, which stays open. */
  shutdown(): Promise<void>
}

/**
 * The real-time hub: holds the connections of this node, hands them what the broker brings, and heals from the log what the
 * broker lost.
 *
 * @throws FocusError `invalid_option` for a limit that is out of range.
 *
 * @example
 * ```ts
 * const realtime = createRealtime({ config, runtime, verifier, feed, broker, oneTime, userIds })
 * server.on('upgrade', (request, socket, head) => {
 *   if (!realtime.upgrade(request, socket, head)) socket.destroy()
 * })
 * ```
 */
export function createRealtime(deps: RealtimeDeps): RealtimeHub {
  return new Hub(deps)
}

class Hub implements RealtimeHub {
  readonly config: RealtimeConfig
  readonly limits: RealtimeLimits
  readonly counters = new Counters()
  readonly tickets: Tickets

  readonly #deps: RealtimeDeps
  readonly #path: string
  readonly #node: string
  readonly #registry: Registry
  readonly #writer = new TurnWriter()
  readonly #rates = new RateMeter(this.counters)
  readonly #gate: Gate
  readonly #admission: Admission
  readonly #actions: ActionHandler
  readonly #dispatcher: Dispatcher
  readonly #sweeper: Sweeper
  readonly #drain: Drain
  readonly #server: WebSocketServerOf<typeof FocusWebSocket>
  readonly #leaveBroker: () => void
  #serial = 0

  constructor(deps: RealtimeDeps) {
    const { config, runtime, feed, broker, verifier } = deps
    this.#deps = deps
    this.config = config
    this.limits = resolveLimits(config.limits)
    this.#path = `${config.basePath}/ws/notifications`
    this.#node = config.node ?? `${hostname()}-${Buffer.from(runtime.random(4)).toString('hex')}`
    const { limits, counters } = this
    const { clock, logger } = runtime
    const { locale, heartbeatIntervalMs } = config
    const now = monotonic
    const end = this.#end
    const registry = new Registry(broker)
    this.#registry = registry
    this.tickets = new Tickets({
      store: deps.oneTime,
      runtime,
      userIds: deps.userIds,
      ttlMs: limits.ticketTtlMs,
      sessionExpiry: deps.sessionExpiry ?? null,
    })
    const deliverer = new Deliverer(limits, counters, now, (connection) => catchUp.start(connection))
    const catchUp = new CatchUp({ feed, logger, counters, deliverer, end })
    this.#admission = new Admission({
      registry,
      broker,
      feed,
      heads: new Heads(feed),
      catchUp,
      verifier,
      tickets: this.tickets,
      limits,
      locale,
      heartbeatIntervalMs,
      logger,
      now,
      clock,
      connectionId: this.#connectionId,
      end,
    })
    this.#actions = new ActionHandler({
      admission: this.#admission,
      synchronizer: new Synchronizer(feed, deliverer),
      feed,
      verifier,
      limits,
      locale,
      counters,
      logger,
      now,
      clock,
      stats: () => this.stats(),
      end,
    })
    const observeLatency = deps.observeLatency
    this.#dispatcher = new Dispatcher({
      registry,
      deliverer,
      catchUp,
      end,
      observe: (event) => observeLatency?.(clock() - event.timestamp),
    })
    this.#gate = new Gate({
      enabled: config.enabled,
      limits,
      registry,
      counters,
      now,
      draining: () => this.#drain.begun,
      isOriginAllowed: config.isOriginAllowed,
      clientAddress: config.clientAddress ?? ((request) => request.socket.remoteAddress ?? null),
    })
    this.#drain = new Drain({ registry, now, end })
    this.#sweeper = new Sweeper({
      registry,
      healer: new Healer({ registry, feed, broker, catchUp, limits, counters, logger, end }),
      limits,
      heartbeatIntervalMs,
      now,
      clock,
      end,
      onSweep: (at) => {
        this.#gate.forget(at)
        this.#rates.sample(at)
      },
    })
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.maxMessageBytes,
      // Not in the type definitions of `ws` yet.
      ...{ closeTimeout: limits.closeTimeoutMs },
      WebSocket: FocusWebSocket,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : ([...offered][0] ?? false)),
    })
    this.#leaveBroker = broker.onMessage((message) => this.#dispatcher.dispatch(message))
  }

  get draining(): boolean {
    return this.#drain.begun
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const target = parseTarget(request.url)
    if (target?.path !== this.#path) return false
    const refusal = this.#gate.refusal(request)
    if (refusal) {
      refuseUpgrade(socket, refusal)
      return true
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const offered = offeredProtocols(request)
      const authorization = request.headers.authorization
      this.#open(webSocket, socket, offered, authorization, target.query)
    })
    return true
  }

  async connections(): Promise<ConnectionInfo[]> {
    const infos: ConnectionInfo[] = []
    for (const connection of this.#registry.connections) {
      const userKey = connection.stream?.userKey
      if (!connection.live || !userKey) continue
      infos.push({
        id: this.#connectionId(connection),
        userId: this.#deps.userIds.fromKey(userKey),
        node: this.#node,
        since: connection.since,
        transport: connection.peer.transport,
        offset: connection.own?.position ?? 0,
        lag: (connection.own?.lag ?? 0) + (connection.all?.lag ?? 0),
      })
    }
    return infos
  }

  async stats(): Promise<RealtimeStats> {
    const connectedUserIds = []
    for (const [userKey, { connections }] of this.#registry.streams) {
      if (connections.length === 0) continue
      if (connectedUserIds.push(this.#deps.userIds.fromKey(userKey)) >= namedUsers) break
    }
    return {
      websocketEnabled: this.config.enabled,
      activeUsers: this.#registry.activeUsers,
      activeConnections: this.#registry.activeConnections,
      connectedUserIds,
      nodes: 1,
      rates: this.#rates.rates(monotonic()),
    }
  }

  async close(connectionId: string): Promise<boolean> {
    const connection = this.#registry.connections.find(
      (candidate) => candidate.live && this.#connectionId(candidate) === connectionId,
    )
    if (!connection) return false
    this.#end(connection, closeCodes.closedByOperator)
    return true
  }

  drain({ windowMs = 10_000 }: { windowMs?: number } = {}): Promise<void> {
    return this.#drain.begin(windowMs, goodbyeMs)
  }

  sessionEnded(end: SessionEnd): void {
    this.#dispatcher.sessionEnded(end)
  }

  async shutdown(): Promise<void> {
    await this.#drain.begin(0, goodbyeMs)
    this.#sweeper.stop()
    this.#leaveBroker()
    this.#registry.forgetIdle(Number.POSITIVE_INFINITY, 0)
  }

  #open(
    webSocket: FocusWebSocket,
    socket: Duplex,
    offered: readonly string[],
    authorization: string | undefined,
    query: URLSearchParams,
  ): void {
    const connection = this.#connect(new WebSocketPeer(webSocket, socket, this.#writer))
    webSocket.connection = connection
    webSocket.on('error', ignore)
    webSocket.on('close', this.#onClose)
    webSocket.on('message', this.#onMessage)
    webSocket.on('ping', this.#onPing)
    webSocket.on('pong', this.#onPong)
    if (offered.length > 0 && !offered.includes(subprotocol)) {
      this.#end(connection, closeCodes.badSubprotocol)
      return
    }
    connection.filter = filterOf(query, this.limits.topicsPerConnection)
    const resume = resumeOf(query)
    const credentials = findCredentials(authorization, query)
    if (credentials) void this.#admission.admit(connection, credentials, resume)
    else connection.resume = resume
  }

  #connect(peer: Connection['peer']): Connection {
    this.#serial += 1
    const connection = new Connection(this.#serial, peer, this.#deps.runtime.clock(), monotonic())
    this.#registry.add(connection)
    this.counters.connectionsOpened += 1
    this.#sweeper.start()
    return connection
  }

  readonly #end = (connection: Connection, code: CloseCode): void => {
    if (connection.ended) return
    this.counters.closed(code.code)
    this.#registry.leave(connection, monotonic())
    connection.end(code)
  }

  readonly #connectionId = (connection: Connection): string => `${this.#node}.${connection.serial.toString(36)}`

  // One set of listeners for all sockets: a closure per connection costs more than what the connection keeps.
  readonly #onMessage = listener((connection, data: Buffer, binary: boolean) =>
    this.#actions.message(connection, data, binary),
  )
  readonly #onPing = listener((connection) => this.#actions.controlFrame(connection, 'ping'))
  readonly #onPong = listener((connection) => this.#actions.controlFrame(connection, 'pong'))
  readonly #onClose = listener((connection, code: number) => {
    if (!connection.ended) this.counters.closed(code)
    connection.ended = true
    this.#registry.remove(connection, monotonic())
  })
}

function listener<Args extends unknown[]>(
  handle: (connection: Connection, ...args: Args) => void,
): (this: WebSocket, ...args: Args) => void {
  return function (this: WebSocket, ...args) {
    if (this instanceof FocusWebSocket && this.connection) handle(this.connection, ...args)
  }
}

/** Errors of a socket are followed by its `close`, which says what there is to say. */
function ignore(): void {}

function monotonic(): number {
  return Math.trunc(performance.now())
}
