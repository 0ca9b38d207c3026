import { costs } from '../../admission/budgets.ts'
import { isoTimestamp } from '../../wire/iso-timestamp.ts'
import type { Connection } from '../connections/connection.ts'
import type { ResumeRequest } from '../delivery/resume-plan.ts'
import type { Resumer } from '../delivery/resumer.ts'
import { defaultSyncLimit, type Synchronizer } from '../delivery/synchronizer.ts'
import type { HubState } from '../hub-state.ts'
import type { Statistics } from '../monitoring/statistics.ts'
import type { ClientAction } from './actions.ts'
import type { Replies } from './replies.ts'

/** An action of a live connection. */
type LiveAction = Exclude<ClientAction, { action: 'auth' }>
type Action<Name extends LiveAction['action']> = Extract<LiveAction, { action: Name }>

/** Performs the actions of live connections. */
export class ActionHandler {
  readonly #state: HubState
  readonly #resumer: Resumer
  readonly #synchronizer: Synchronizer
  readonly #replies: Replies
  readonly #statistics: Statistics

  constructor(state: HubState, resumer: Resumer, synchronizer: Synchronizer, replies: Replies, statistics: Statistics) {
    this.#state = state
    this.#resumer = resumer
    this.#synchronizer = synchronizer
    this.#replies = replies
    this.#statistics = statistics
  }

  async perform(connection: Connection, action: LiveAction): Promise<void> {
    if (!this.#charge(connection, action)) return
    switch (action.action) {
      case 'ping':
        this.#ping(connection, action)
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

  /** Charges the user for an action; answers with an error and returns false when the budget is empty. */
  #charge(connection: Connection, action: LiveAction): boolean {
    const cost = costOf(action)
    const { userKey } = connection
    if (cost === 0 || userKey === null) return true
    const refusal = this.#state.control.user(userKey, cost, connection.client)
    if (refusal === null) return true
    this.#replies.refuse(connection, 'rate_limited', action.ref, undefined, refusal.retryAfterSeconds)
    return false
  }

  #ping(connection: Connection, { timestamp, ref }: Action<'ping'>): void {
    this.#replies.answer(connection, {
      type: 'pong',
      timestamp: isoTimestamp(this.#state.clock()),
      client_timestamp: timestamp,
      ref,
    })
  }

  #topics(connection: Connection, { action, events, ref }: Action<'subscribe'> | Action<'unsubscribe'>): void {
    const filter = connection.filter[action](events)
    const { topics } = filter
    if (topics.length > this.#state.limits.topicsPerConnection) {
      this.#replies.refuse(connection, 'too_many_topics', ref)
      return
    }
    connection.filter = filter
    this.#replies.answer(connection, {
      type: 'subscribed',
      events: filter.mode === 'only' ? topics : [],
      ...(filter.mode === 'except' && { except: topics }),
      ref,
    })
  }

  async #stats(connection: Connection, { ref }: Action<'get_stats'>): Promise<void> {
    const counted = this.#statistics.statsFor(connection.userKey)
    // Alone, the answer keeps its place among the answers to other messages.
    const stats = counted instanceof Promise ? await counted : counted
    this.#replies.answer(connection, {
      type: 'stats',
      websocket_enabled: this.#state.config.enabled,
      active_users: stats.activeUsers,
      active_connections: stats.activeConnections,
      your_connections: stats.yourConnections,
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
    const { userKey } = connection
    if (userKey !== null) await this.#resumer.rewind(connection, userKey, request, action.ref)
  }

  async #sync(connection: Connection, action: Action<'sync'>): Promise<void> {
    if (connection.syncing) {
      this.#replies.refuse(connection, 'sync_in_progress', action.ref)
      return
    }
    connection.syncing = true
    try {
      await this.#synchronizer.run(connection, action)
    } finally {
      connection.syncing = false
    }
  }

  #ack(connection: Connection, { offset, stream, ref }: Action<'ack'>): void {
    if (stream !== 'all') connection.acknowledged = Math.max(connection.acknowledged, offset)
    if (ref !== undefined) this.#replies.answer(connection, { type: 'acked', offset, ...(stream && { stream }), ref })
  }

  async #read(connection: Connection, { ids, up_to_offset: upToOffset, stream, ref }: Action<'read'>): Promise<void> {
    const { userKey } = connection
    if (userKey === null) return
    const selection = ids ? { ids } : { upToOffset: upToOffset ?? 0, ...(stream && { stream }) }
    const unreadCount = await this.#state.feed.markRead(userKey, selection)
    this.#replies.answer(connection, { type: 'read', unread_count: unreadCount, ref })
  }
}

/** Units of the user's budget. Actions that only touch memory cost nothing; the connection's own limit bounds them. */
function costOf(action: LiveAction): number {
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
