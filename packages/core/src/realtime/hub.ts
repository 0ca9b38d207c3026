import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { type Server as WebSocketServerOf, type WebSocket, WebSocketServer } from 'ws'
import type { Client } from '../admission/client.ts'
import type { Principal, SessionEnd } from '../auth/ports.ts'
import { FocusError } from '../common/errors.ts'
import { ActionHandler } from './protocol/action-handler.ts'
import { Admission } from './entry/admission.ts'
import { CatchUp } from './delivery/catch-up.ts'
import type { RealtimeConfig, RealtimeDeps } from './realtime-config.ts'
import { Connection } from './connections/connection.ts'
import { RealtimeCounters } from './monitoring/realtime-counters.ts'
import { EventWriter } from './delivery/event-writer.ts'
import { EventFanOut } from './delivery/event-fan-out.ts'
import { Drain } from './connections/drain.ts'
import { type EventStreamRequest, eventStreamResponse } from './entry/event-stream.ts'
import { badFrame, watchFrameLengths } from './peers/frame-lengths.ts'
import { Gate } from './entry/gate.ts'
import {
  type Opening,
  parseTarget,
  readOpening,
  refuseHandshake,
  refuseUpgrade,
  subprotocol,
  versionRefusal,
} from './entry/handshake.ts'
import { Healer } from './delivery/healer.ts'
import { HeadReader } from './delivery/head-reader.ts'
import { type RealtimeLimits, resolveLimits } from './realtime-limits.ts'
import { type CloseCode, closeCodes } from './protocol/close-codes.ts'
import { RealtimeMetrics, type RenderedMetrics } from './monitoring/realtime-metrics.ts'
import { RateMeter } from './monitoring/rate-meter.ts'
import { RecentSessionEnds } from './entry/recent-session-ends.ts'
import { ConnectionRegistry } from './connections/connection-registry.ts'
import { SsePeer } from './peers/sse-peer.ts'
import { Sweeper } from './connections/sweeper.ts'
import { Synchronizer } from './delivery/synchronizer.ts'
import { Tickets } from './entry/tickets.ts'
import { Authenticator } from './entry/authenticator.ts'
import { TurnWriter } from './peers/turn-writer.ts'
import type { ConnectionInfo, RealtimeStats } from './ports.ts'
import { FocusWebSocket, WebSocketPeer } from './peers/web-socket-peer.ts'

/** How many user ids the statistics name. */
const namedUsers = 1_000
/** How long after the drain window a client may take to say goodbye. */
const goodbyeMs = 1_000

/** Wires the parts of the hub together and holds what they share: the connections of this node. */
export class Hub {
  readonly config: RealtimeConfig
  readonly limits: RealtimeLimits
  readonly counters = new RealtimeCounters()
  readonly tickets: Tickets

  readonly #deps: RealtimeDeps
  readonly #path: string
  readonly #node: string
  readonly #registry: ConnectionRegistry
  readonly #writer = new TurnWriter()
  readonly #rates = new RateMeter(this.counters)
  readonly #metrics: RealtimeMetrics
  readonly #gate: Gate
  readonly #admission: Admission
  readonly #actions: ActionHandler
  readonly #dispatcher: EventFanOut
  readonly #healer: Healer
  readonly #sweeper: Sweeper
  readonly #drain: Drain
  readonly #server: WebSocketServerOf<typeof FocusWebSocket>
  readonly #leaveBroker: () => void
  #serial = 0

  constructor(deps: RealtimeDeps) {
    const { config, runtime, control, feed, broker, verifier } = deps
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
    const registry = new ConnectionRegistry(broker)
    this.#registry = registry
    this.tickets = new Tickets({
      sealer: deps.sealer,
      store: deps.oneTime,
      runtime,
      userIds: deps.userIds,
      ttlMs: { websocket: limits.ticketTtlMs, stream: limits.streamTicketTtlMs },
      sessionEndsAt: deps.sessionEndsAt ?? null,
    })
    const recentEnds = new RecentSessionEnds()
    const trials = new Authenticator({ control, verifier, tickets: this.tickets })
    const context = {
      control,
      trials,
      registry,
      recentEnds,
      feed,
      broker,
      verifier,
      limits,
      counters,
      logger,
      now,
      clock,
      locale,
      heartbeatIntervalMs,
      end,
      connectionId: this.#connectionId,
    }
    const deliverer = new EventWriter(limits, counters, now, (connection) => catchUp.start(connection))
    const catchUp = new CatchUp({ ...context, deliverer })
    this.#admission = new Admission({ ...context, heads: new HeadReader(feed), catchUp })
    this.#actions = new ActionHandler({
      ...context,
      deliverer,
      admission: this.#admission,
      synchronizer: new Synchronizer(feed, deliverer),
      stats: () => this.stats(),
    })
    this.#metrics = new RealtimeMetrics(counters, registry)
    this.#dispatcher = new EventFanOut({
      ...context,
      deliverer,
      catchUp,
      observe: ({ timestamp }) => this.#metrics.observeLatency(clock() - timestamp),
    })
    this.#gate = new Gate({
      ...context,
      enabled: config.enabled,
      draining: () => this.#drain.begun,
      isOriginAllowed: config.isOriginAllowed,
    })
    this.#drain = new Drain(context)
    this.#healer = new Healer({ ...context, catchUp })
    this.#sweeper = new Sweeper({
      ...context,
      healer: this.#healer,
      onSweep: (at) => {
        recentEnds.prune(at)
        this.#rates.sample(at)
      },
    })
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.maxMessageBytes,
      WebSocket: FocusWebSocket,
      handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : ([...offered][0] ?? false)),
      // Not in the type definitions of `ws` yet.
      closeTimeout: limits.closeTimeoutMs,
    } as const
    this.#server = new WebSocketServer(options)
    this.#server.on('wsClientError', refuseHandshake)
    this.#leaveBroker = broker.onMessage((message) => this.#dispatcher.dispatch(message))
  }

  get draining(): boolean {
    return this.#drain.begun
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const target = parseTarget(request.url)
    if (target?.path !== this.#path) return false
    const client = this.#deps.control.client(request.socket.remoteAddress, forwardedFor(request))
    const opening = this.#accept(request, target.query, client, socket)
    if (!opening) return true
    if (opening.credentials) socket.cork()
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const peer = new WebSocketPeer(webSocket, socket, this.#writer, opening.credentials !== null)
      const connection = this.#open(webSocket, peer, client, opening)
      watchFrameLengths(socket, () => this.#end(connection, badFrame))
    })
    return true
  }

  async openEventStream(principal: Principal, request: EventStreamRequest): Promise<Response> {
    const refusal = this.#gate.streamRefusal(request.client)
    if (refusal) throw refusal
    const peer = new SsePeer(this.#writer, this.limits.lagBytes, () => this.#gone(connection, 1_000))
    const connection = this.#connect(peer, request.client, false)
    connection.filter = request.filter
    try {
      await this.#admission.enter(connection, principal, request.resume)
    } catch (error) {
      this.#gone(connection, closeCodes.overloaded.code)
      throw error
    }
    return eventStreamResponse(peer.body)
  }

  metrics(): Promise<RenderedMetrics> {
    return this.#metrics.render()
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
        acknowledged: connection.acknowledged,
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

  drain({ windowMs = 5_000 }: { windowMs?: number } = {}): Promise<void> {
    return this.#drain.start(windowMs, goodbyeMs)
  }

  heal(): void {
    this.#healer.all()
  }

  sessionEnded(end: SessionEnd): void {
    this.#dispatcher.sessionEnded(end)
  }

  async shutdown(): Promise<void> {
    await this.#drain.start(0, goodbyeMs)
    this.#sweeper.stop()
    this.#leaveBroker()
    this.#registry.forgetIdle(Number.POSITIVE_INFINITY, 0)
  }

  /** Null when something speaks against it, which the client was told. */
  #accept(request: IncomingMessage, query: URLSearchParams, client: Client, socket: Duplex): Opening | null {
    try {
      const refusal = this.#gate.refusal(request, client) ?? versionRefusal(request)
      if (refusal) throw refusal
      const opening = readOpening(request, query, this.limits.topicsPerConnection)
      const credentialsRefusal = this.#gate.credentialsRefusal(opening.credentials, client)
      if (credentialsRefusal) throw credentialsRefusal
      return opening
    } catch (error) {
      if (!(error instanceof FocusError)) throw error
      refuseUpgrade(socket, error)
      return null
    }
  }

  #open(
    webSocket: FocusWebSocket,
    peer: WebSocketPeer,
    client: Client,
    { credentials, subprotocols, filter, resume }: Opening,
  ): Connection {
    const connection = this.#connect(peer, client, credentials === null)
    webSocket.connection = connection
    webSocket.on('error', ignore)
    webSocket.on('close', this.#onClose)
    webSocket.on('message', this.#onMessage)
    webSocket.on('ping', this.#onPing)
    webSocket.on('pong', this.#onPong)
    if (subprotocols.length > 0 && !subprotocols.includes(subprotocol)) {
      this.#end(connection, closeCodes.badSubprotocol)
      return connection
    }
    connection.filter = filter
    connection.resume = resume
    if (credentials) void this.#actions.admit(connection, credentials)
    return connection
  }

  #connect(peer: Connection['peer'], client: Client, waiting: boolean): Connection {
    this.#serial += 1
    const connection = new Connection(this.#serial, peer, client, this.#deps.runtime.clock(), monotonic())
    connection.waiting = waiting
    this.#registry.add(connection)
    this.#gate.join(client)
    this.counters.connectionsOpened += 1
    this.#sweeper.start()
    return connection
  }

  readonly #end = (connection: Connection, code: CloseCode): void => {
    if (connection.ended) return
    this.counters.closed(code.code)
    const now = monotonic()
    this.#registry.leave(connection, now)
    connection.end(code, now)
  }

  /** The client left, or its goodbye is complete. */
  #gone(connection: Connection, code: number): void {
    if (!connection.ended) this.counters.closed(code)
    connection.ended = true
    if (connection.hubIndex >= 0) this.#gate.leave(connection.client)
    this.#registry.remove(connection, monotonic())
  }

  readonly #connectionId = (connection: Connection): string => `${this.#node}.${connection.serial.toString(36)}`

  // One set of listeners for all sockets: a closure per connection costs more than what the connection keeps.
  readonly #onMessage = listener((connection, data: Buffer, binary: boolean) =>
    this.#actions.message(connection, data, binary),
  )
  readonly #onPing = listener((connection) => this.#actions.controlFrame(connection, 'ping'))
  readonly #onPong = listener((connection) => this.#actions.controlFrame(connection, 'pong'))
  readonly #onClose = listener((connection, code: number) => this.#gone(connection, code))
}

function listener<Args extends unknown[]>(
  handle: (connection: Connection, ...args: Args) => void,
): (this: WebSocket, ...args: Args) => void {
  return function (this: WebSocket, ...args) {
    if (this instanceof FocusWebSocket && this.connection) handle(this.connection, ...args)
  }
}

function forwardedFor({ headers }: IncomingMessage): string | undefined {
  const value = headers['x-forwarded-for']
  return Array.isArray(value) ? value.join(',') : value
}

/** Errors of a socket are followed by its `close`, which says what there is to say. */
function ignore(): void {}

function monotonic(): number {
  return Math.trunc(performance.now())
}
