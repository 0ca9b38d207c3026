import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Principal, SessionEnd } from '../auth/ports.ts'
import type { UserId } from '../common/user-id.ts'
import { Drain } from './connections/drain.ts'
import { Sweeper } from './connections/sweeper.ts'
import { EventFanOut } from './delivery/event-fan-out.ts'
import { EventWriter } from './delivery/event-writer.ts'
import { HeadReader } from './delivery/head-reader.ts'
import { Healer } from './delivery/healer.ts'
import { LogReader } from './delivery/log-reader.ts'
import { Resumer } from './delivery/resumer.ts'
import { Synchronizer } from './delivery/synchronizer.ts'
import { Admission } from './entry/admission.ts'
import { Authenticator } from './entry/authenticator.ts'
import { EventStreamEntry, type EventStreamRequest } from './entry/event-stream.ts'
import { Gate } from './entry/gate.ts'
import { Tickets } from './entry/tickets.ts'
import { WebSocketEntry } from './entry/web-socket-entry.ts'
import { HubState } from './hub-state.ts'
import { HubConnections } from './monitoring/local-connections.ts'
import { RateMeter } from './monitoring/rate-meter.ts'
import type { RealtimeCounters } from './monitoring/realtime-counters.ts'
import { RealtimeMetrics, type RenderedMetrics } from './monitoring/realtime-metrics.ts'
import { mostConnections, Statistics } from './monitoring/statistics.ts'
import type { ConnectionInfo, ConnectionList, RealtimeStats } from './ports.ts'
import { ActionHandler } from './protocol/action-handler.ts'
import { MessageHandler } from './protocol/message-handler.ts'
import { Replies } from './protocol/replies.ts'
import type { RealtimeConfig, RealtimeDeps } from './realtime-config.ts'
import type { RealtimeLimits } from './realtime-limits.ts'

/** Connects the parts of the hub, all of which work on one `HubState`. */
export class Hub {
  readonly tickets: Tickets
  readonly #state: HubState
  readonly #webSockets: WebSocketEntry
  readonly #eventStreams: EventStreamEntry
  readonly #healer: Healer
  readonly #sweeper: Sweeper
  readonly #drain: Drain
  readonly #statistics: Statistics
  readonly #metrics: RealtimeMetrics
  readonly #stopListening: () => void

  constructor(deps: RealtimeDeps) {
    const state = new HubState(deps)
    const { counters, registry } = state
    this.#state = state
    this.tickets = ticketsOf(deps, state.limits)

    const heads = new HeadReader(state.feed)
    const log = new LogReader(state.feed, heads)
    const writer = new EventWriter(state, log)
    const resumer = new Resumer(state, heads, log, writer)
    this.#metrics = new RealtimeMetrics(counters, registry)
    const fanOut = new EventFanOut(state, writer, this.#metrics)
    this.#healer = new Healer(state, writer)

    const rates = new RateMeter(counters)
    const local = new HubConnections(state, rates)
    state.cluster?.serve(local)
    this.#statistics = new Statistics(state, local, deps.userIds)
    this.#sweeper = new Sweeper(state, this.#healer, rates)
    this.#drain = new Drain(state)

    const authenticator = new Authenticator(state.control, deps.verifier, this.tickets)
    const gate = new Gate(state, authenticator)
    const admission = new Admission(state, authenticator, heads, resumer)
    const replies = new Replies(state, writer)
    const actions = new ActionHandler(state, resumer, new Synchronizer(log, writer), replies, this.#statistics)
    const messages = new MessageHandler(state, admission, actions, replies)
    this.#webSockets = new WebSocketEntry(state, gate, messages, this.#sweeper)
    this.#eventStreams = new EventStreamEntry(state, gate, admission, this.#sweeper)
    const stopMessages = state.broker.onStreamMessage((message) => fanOut.receive(message))
    const stopChanges = state.broker.onConnectionChange((connected) => connected && this.heal())
    this.#stopListening = () => {
      stopMessages()
      stopChanges()
    }
  }

  get config(): RealtimeConfig {
    return this.#state.config
  }

  get limits(): RealtimeLimits {
    return this.#state.limits
  }

  get counters(): RealtimeCounters {
    return this.#state.counters
  }

  get draining(): boolean {
    return this.#state.draining
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#webSockets.upgrade(request, socket, head)
  }

  openEventStream(principal: Principal, request: EventStreamRequest): Promise<Response> {
    return this.#eventStreams.open(principal, request)
  }

  metrics(): Promise<RenderedMetrics> {
    return this.#metrics.render()
  }

  async connections({ userId }: { readonly userId?: UserId } = {}): Promise<ConnectionInfo[]> {
    const { connections } = await this.#statistics.connections(userId ?? null, mostConnections)
    return [...connections]
  }

  connectionList({
    userId,
    limit,
  }: {
    readonly userId?: UserId
    readonly limit?: number
  } = {}): Promise<ConnectionList> {
    return this.#statistics.connections(userId ?? null, limit)
  }

  stats(): Promise<RealtimeStats> {
    return this.#statistics.stats()
  }

  close(connectionId: string): Promise<boolean> {
    return this.#statistics.close(connectionId)
  }

  drain({ windowMs = 5_000 }: { windowMs?: number } = {}): Promise<void> {
    return this.#drain.start(windowMs)
  }

  heal(): void {
    this.#healer.healAll()
  }

  sessionEnded(end: SessionEnd): void {
    this.#state.endSession(end)
  }

  async shutdown(): Promise<void> {
    await this.#drain.start(0)
    this.#sweeper.stop()
    this.#stopListening()
    this.#state.registry.releaseIdle(Number.POSITIVE_INFINITY, 0)
  }
}

function ticketsOf(deps: RealtimeDeps, limits: RealtimeLimits): Tickets {
  return new Tickets({
    sealer: deps.sealer,
    store: deps.singleUse,
    runtime: deps.runtime,
    userIds: deps.userIds,
    ttlMs: { websocket: limits.ticketTtlMs, stream: limits.streamTicketTtlMs },
    sessionEndsAt: deps.sessionEndsAt ?? null,
  })
}
