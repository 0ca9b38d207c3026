import type { AdmissionControl } from '../../admission/admission-control.ts'
import { costs } from '../../admission/budgets.ts'
import { TokenBucket } from '../../admission/token-bucket.ts'
import { FocusError } from '../../common/errors.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { Admission } from '../entry/admission.ts'
import type { Connection } from '../connections/connection.ts'
import type { Credentials } from '../entry/credentials.ts'
import type { RealtimeCounters } from '../monitoring/realtime-counters.ts'
import type { EventWriter } from '../delivery/event-writer.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import { isoTimestamp } from '../delivery/encoded-message.ts'
import { type ClientAction, parseAction, parseRef, type Ref } from './actions.ts'
import { type CloseCode, closeCodes } from './close-codes.ts'
import { type RealtimeLocale, type WireErrorCode, wireErrors } from './protocol-errors.ts'
import type { ServerMessage } from './messages.ts'
import type { RecentSessionEnds } from '../entry/recent-session-ends.ts'
import type { ResumeRequest } from '../delivery/resume.ts'
import { defaultSyncLimit, type Synchronizer } from '../delivery/synchronizer.ts'
import type { Authenticator } from '../entry/authenticator.ts'
import type { NotificationFeed, RealtimeStats } from '../ports.ts'

type Action<Name extends ClientAction['action']> = Extract<ClientAction, { action: Name }>

export interface ActionHandlerDeps {
  readonly admission: Admission
  readonly deliverer: EventWriter
  readonly synchronizer: Synchronizer
  readonly feed: NotificationFeed
  readonly control: AdmissionControl
  readonly trials: Authenticator
  readonly recentEnds: RecentSessionEnds
  readonly limits: RealtimeLimits
  readonly locale: RealtimeLocale
  readonly counters: RealtimeCounters
  readonly logger: Logger
  readonly now: () => number
  readonly clock: () => number
  readonly stats: () => Promise<RealtimeStats>
  readonly end: (connection: Connection, code: CloseCode) => void
}

/** How many messages above the limit are answered with an error before the connection is closed. */
const refusedActionsLimit = 30

/** Answers what clients send. A bad message gets an `error`; only patience that ran out closes the connection. */
export class ActionHandler {
  readonly #deps: ActionHandlerDeps

  constructor(deps: ActionHandlerDeps) {
    this.#deps = deps
  }

  /** Signs a connection in, then answers what its client sent in the meantime. */
  async admit(connection: Connection, credentials: Credentials, ref?: Ref): Promise<void> {
    // The socket is paused, but what came in one piece with the token is read already.
    connection.held = []
    await this.#deps.admission.admit(connection, credentials, connection.resume, ref)
    const { held } = connection
    connection.held = null
    for (const { data, binary } of held) this.message(connection, data, binary)
  }

  message(connection: Connection, data: Buffer, binary: boolean): void {
    if (connection.held !== null) {
      connection.held.push({ data, binary })
      return
    }
    const text = binary ? null : data.toString()
    if (connection.ended || !this.#withinBudget(connection, () => (text === null ? undefined : parseRef(text)))) return
    const parsed = text === null ? ({ ok: false, code: 'invalid_json', ref: undefined } as const) : parseAction(text)
    if (!parsed.ok) {
      this.#refuse(connection, parsed.code, parsed.ref, parsed.detail)
      if (parsed.code === 'unknown_action') return
      connection.malformedInRow += 1
      if (connection.malformedInRow > this.#deps.limits.malformedMessages)
        this.#deps.end(connection, closeCodes.malformed)
      return
    }
    connection.malformedInRow = 0
    const { action } = parsed
    this.#perform(connection, action).catch((error: unknown) => {
      this.#deps.logger.warn('An action of a client failed', { action: action.action, error })
      this.#refuse(connection, 'unavailable', action.ref)
    })
  }

  /** Pings and pongs of the WebSocket itself; pings count as messages. */
  controlFrame(connection: Connection, kind: 'ping' | 'pong'): void {
    connection.heardAt = this.#deps.now()
    if (kind === 'ping' && !connection.ended) this.#withinBudget(connection, null)
  }

  async #perform(connection: Connection, action: ClientAction): Promise<void> {
    if (action.action === 'auth') return this.#auth(connection, action)
    if (!connection.live) {
      this.#refuse(connection, 'unauthenticated', action.ref)
      return
    }
    if (!this.#paid(connection, action)) return
    switch (action.action) {
      case 'ping':
        this.#answer(connection, {
          type: 'pong',
          timestamp: isoTimestamp(this.#deps.clock()),
          client_timestamp: action.timestamp,
          ref: action.ref,
        })
        return
      case 'subscribe':
      case 'unsubscribe':
        this.#topics(connection, action)
        return
      case 'get_stats':
        return this.#stats(connection, action)
      case 'resume':
        return this.#resume(connection, action)
      case 'sync':
        return this.#sync(connection, action)
      case 'ack':
        this.#ack(connection, action)
        return
      case 'read':
        return this.#read(connection, action)
    }
  }

  async #auth(connection: Connection, { token, ref }: Action<'auth'>): Promise<void> {
    const credentials = { kind: 'token', secret: token } as const
    const refusal = this.#deps.trials.refusal(credentials, connection.client)
    if (refusal !== null) {
      this.#refuse(connection, 'rate_limited', ref, undefined, refusal.retryAfterSeconds)
      return
    }
    if (!connection.live) return this.admit(connection, credentials, ref)
    const since = this.#deps.now()
    try {
      const principal = await this.#deps.trials.principal(credentials, connection.client)
      if (principal.userKey !== connection.stream?.userKey) {
        this.#refuse(connection, 'subject_mismatch', ref)
        return
      }
      // The session may have ended while its token was looked at, when the connection still belonged to another one.
      if (this.#deps.recentEnds.covers(principal.userKey, principal.sessionId, since)) {
        this.#deps.end(connection, closeCodes.sessionRevoked)
        return
      }
      connection.sessionId = principal.sessionId
      connection.authExpiresAt = principal.expiresAt
      connection.expiryNoticed = false
      this.#answer(connection, { type: 'authenticated', auth_expires_at: isoTimestamp(principal.expiresAt), ref })
    } catch (error) {
      if (!(error instanceof FocusError) || error.status !== 401) throw error
      this.#refuse(connection, 'invalid_token', ref)
    }
  }

  #topics(connection: Connection, { action, events, ref }: Action<'subscribe'> | Action<'unsubscribe'>): void {
    const filter = connection.filter[action](events)
    const { topics } = filter
    if (topics.length > this.#deps.limits.topicsPerConnection) {
      this.#refuse(connection, 'too_many_topics', ref)
      return
    }
    connection.filter = filter
    this.#answer(connection, {
      type: 'subscribed',
      events: filter.mode === 'only' ? topics : [],
      ...(filter.mode === 'except' && { except: topics }),
      ref,
    })
  }

  async #stats(connection: Connection, { ref }: Action<'get_stats'>): Promise<void> {
    const stats = await this.#deps.stats()
    this.#answer(connection, {
      type: 'stats',
      websocket_enabled: stats.websocketEnabled,
      active_users: stats.activeUsers,
      active_connections: stats.activeConnections,
      your_connections: connection.stream?.connections.length ?? 0,
      ref,
    })
  }

  async #resume(connection: Connection, action: Action<'resume'>): Promise<void> {
    const request: ResumeRequest = {
      epoch: action.epoch,
      offset: action.offset,
      allOffset: action.all_offset ?? null,
      lastId: action.last_id ?? null,
    }
    const userKey = connection.stream?.userKey
    if (userKey) await this.#deps.admission.rewind(connection, userKey, request, action.ref)
  }

  async #sync(connection: Connection, action: Action<'sync'>): Promise<void> {
    if (connection.syncing) {
      this.#refuse(connection, 'sync_in_progress', action.ref)
      return
    }
    connection.syncing = true
    try {
      await this.#deps.synchronizer.run(connection, action)
    } finally {
      connection.syncing = false
    }
  }

  #ack(connection: Connection, { offset, stream, ref }: Action<'ack'>): void {
    if (stream !== 'all') connection.acknowledged = Math.max(connection.acknowledged, offset)
    if (ref !== undefined) this.#answer(connection, { type: 'acked', offset, ...(stream && { stream }), ref })
  }

  async #read(connection: Connection, { ids, up_to_offset: upToOffset, stream, ref }: Action<'read'>): Promise<void> {
    const userKey = connection.stream?.userKey
    if (!userKey) return
    const which = ids ? { ids } : { upToOffset: upToOffset ?? 0, ...(stream && { stream }) }
    const unreadCount = await this.#deps.feed.markRead(userKey, which)
    this.#answer(connection, { type: 'read', unread_count: unreadCount, ref })
  }

  /** Whether the user of the connection can pay for an action; says so when not. */
  #paid(connection: Connection, action: ClientAction): boolean {
    const cost = costOf(action)
    const userKey = connection.stream?.userKey
    if (cost === 0 || !userKey) return true
    const refusal = this.#deps.control.user(userKey, cost, connection.client)
    if (refusal === null) return true
    this.#refuse(connection, 'rate_limited', action.ref, undefined, refusal.retryAfterSeconds)
    return false
  }

  #answer(connection: Connection, message: ServerMessage): void {
    connection.send(message)
    // Answers are in no log to be read again. Who does not take them is not listened to until they are taken, and in the end
    // closed as too slow.
    if (connection.live && !this.#deps.deliverer.hasRoom(connection)) connection.peer.pause()
  }

  #refuse(connection: Connection, code: WireErrorCode, ref: Ref, detail?: string, retryAfterSeconds?: number): void {
    const { message, hint } = wireErrors[code]
    this.#deps.counters.errors += 1
    this.#answer(connection, {
      type: 'error',
      message: message[this.#deps.locale],
      code,
      hint,
      ...(detail !== undefined && { detail }),
      ref,
      ...(retryAfterSeconds !== undefined && { retry_after: retryAfterSeconds }),
    })
  }

  /** @param refOf the `ref` of the message that the error answers; null for what is refused in silence */
  #withinBudget(connection: Connection, refOf: (() => Ref) | null): boolean {
    const now = this.#deps.now()
    connection.heardAt = now
    this.#deps.counters.actions += 1
    connection.actions ??= new TokenBucket(this.#deps.limits.actionsPerMinute, 60_000, now)
    if (connection.actions.take(now)) {
      connection.refusedActions = 0
      return true
    }
    connection.refusedActions += 1
    if (connection.refusedActions > refusedActionsLimit) this.#deps.end(connection, closeCodes.tooManyActions)
    else if (refOf) {
      const retryAfter = Math.ceil(connection.actions.waitMs(now) / 1_000)
      this.#refuse(connection, 'rate_limited', refOf(), undefined, retryAfter)
    }
    return false
  }
}

/** Units of the user's budget; what touches nothing but memory is bounded by the connection's own. */
function costOf(action: ClientAction): number {
  switch (action.action) {
    case 'resume':
      return costs.resume
    case 'sync':
      return costs.resume + (action.limit ?? defaultSyncLimit) * costs.notification
    case 'read':
      return costs.write
    case 'ack':
      return costs.ack
    default:
      return 0
  }
}
