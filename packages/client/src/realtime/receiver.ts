import { FocusClientError } from '../errors.ts'
import type {
  ConnectionMessage,
  ErrorMessage,
  HeartbeatMessage,
  NotificationMessage,
  ServerMessage,
  StateMessage,
} from '../protocol.ts'
import type { Emitters, Gap } from './events.ts'
import { type Knowledge, type Marks, nothing } from './inbox/marks.ts'
import { type FocusNotification, toNotification } from './notification.ts'
import type { PositionTracker } from './position.ts'
import type { Subscription } from './connection/subscription.ts'
import type { UnreadCount } from './inbox/unread-count.ts'

export interface ReceiverOptions {
  readonly emitters: Emitters
  readonly position: PositionTracker
  readonly subscription: Subscription
  readonly unread: UnreadCount
  readonly marks: Marks
  /** The notification of that id, if it is shown. */
  readonly find: (id: string) => FocusNotification | undefined
  /** What is shown may not be what the server has. */
  readonly resync: () => void
  /** The same of the unread count alone. */
  readonly recount: () => void
}

/** Reads the server's messages: what is new is told, once and in order; what is missing is noticed. */
export class Receiver {
  readonly #options: ReceiverOptions
  #stateRev: number | null = null
  /** Highest offset that arrived as a notification; a heartbeat ahead of it means that a filter hid some. */
  #shownOffset = 0
  #isPositionLost = false
  /** From where on this client was told of everything. */
  #toldFrom = nothing
  /** By how much the server's clock is ahead of this one. */
  #clockAheadMs = 0

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /**
   * Whether something happened after an answer of the server and before it began to tell this client. It is asked for again
   * once: a server that contradicts itself is not asked for ever.
   */
  isBehind({ user, all, stateRev }: Knowledge): boolean {
    const from = this.#toldFrom
    const isBehind = user < from.user || all < from.all || stateRev < from.stateRev
    if (isBehind) this.#toldFrom = nothing
    return isBehind
  }

  /** The server's clock, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#clockAheadMs
  }

  /** The server does not know the position any more: the next connection begins anew. */
  forgetPosition(): void {
    this.#options.position.forget()
    this.#isPositionLost = true
  }

  /** What follows concerns another sign-in. */
  reset(): void {
    this.#stateRev = null
    this.#toldFrom = nothing
    this.#shownOffset = 0
    this.#isPositionLost = false
    this.#options.unread.restart({ unreadCount: 0, heads: nothing })
  }

  hear(message: ServerMessage): void {
    const { emitters, position } = this.#options
    switch (message.type) {
      case 'connection':
        this.#connected(message)
        break
      case 'heartbeat':
        this.#heartbeat(message)
        break
      case 'notification':
        this.#receive(message)
        break
      case 'gap':
        position.gap(message)
        this.#lost(message.reason)
        break
      case 'state':
        this.#stateChanged(message)
        break
      case 'error':
        emitters.error.emit(refusal(message))
        break
    }
    emitters.message.emit(message)
  }

  #connected(message: ConnectionMessage): void {
    const { position, unread } = this.#options
    const { stream, all } = message
    const isLost = position.connected(message) || this.#isPositionLost
    this.#isPositionLost = false
    this.#shownOffset = stream?.offset ?? 0
    if (stream) this.#clockAheadMs = Date.parse(message.timestamp) - Date.now()
    const heads = stream && { user: stream.offset, all: all?.offset ?? 0 }
    if (message.unread_count !== undefined) unread.restart({ unreadCount: message.unread_count, heads })
    if (heads && message.resume?.recovered !== true) this.#toldFrom = { ...heads, stateRev: message.state_rev ?? 0 }
    const reason = message.resume?.reason
    // Those two are told by a `gap` message of their own.
    if (isLost && reason !== 'retention' && reason !== 'too_far') this.#lost('position_lost')
    if (message.state_rev !== undefined) this.#stateRevSeen(message.state_rev, 0)
  }

  #receive(message: NotificationMessage): void {
    const { emitters, position, subscription } = this.#options
    const isNew = position.accept(message)
    if (message.stream !== 'all') this.#shownOffset = Math.max(this.#shownOffset, message.offset ?? 0)
    if (!isNew || !subscription.wants(message.event)) return
    const notification = toNotification(message)
    this.#countUnread(notification)
    emitters.notification.emit(notification)
  }

  #countUnread(notification: FocusNotification): void {
    const { unread, marks, find, recount } = this.#options
    // The count at the start of the connection includes replayed ones.
    if (notification.replayed || marks.applied([notification])[0]?.readAt !== null) return
    const before = find(notification.id)
    // One that others were merged into may have been unread before; if it is not shown, only the server knows.
    if (notification.count > 1 && !before) recount()
    else if (before?.readAt !== null) unread.arrived(notification)
  }

  #stateChanged({ ids, state, offset, ...message }: StateMessage): void {
    const { emitters, marks, position, unread, find, resync } = this.#options
    const isExact = offset !== undefined
    const heads = isExact ? { user: offset, all: message.all_offset ?? 0 } : position.heads
    marks.note({ ids, state }, heads, (id) => (isExact ? 0 : (find(id)?.offset ?? 0)))
    emitters.change.emit({ ids, state })
    unread.set({ unreadCount: message.unread_count, heads })
    // Too many to name: the inbox knows.
    if (ids.length === 0) resync()
    this.#stateRevSeen(message.state_rev, 1)
  }

  #heartbeat(message: HeartbeatMessage): void {
    const { position, subscription, resync } = this.#options
    const { offset = 0, state_rev: stateRev } = message
    // What the filter hides is unread too.
    if (subscription.isFiltering && offset > this.#shownOffset) resync()
    this.#shownOffset = Math.max(this.#shownOffset, offset)
    position.heartbeat(message)
    if (stateRev !== undefined) this.#stateRevSeen(stateRev, 0)
  }

  /** @param step by how much the revision grows when nothing was missed */
  #stateRevSeen(revision: number, step: 0 | 1): void {
    const isMissed = this.#stateRev !== null && revision > this.#stateRev + step
    this.#stateRev = Math.max(this.#stateRev ?? 0, revision)
    if (isMissed) this.#options.resync()
  }

  #lost(reason: Gap['reason']): void {
    if (reason === 'position_lost') {
      // Of a log that was restored nothing is known.
      this.#stateRev = null
      this.#options.marks.clear()
    }
    this.#options.emitters.gap.emit({ reason })
    this.#options.resync()
  }
}

function refusal({ code, message, hint, retry_after }: ErrorMessage): FocusClientError {
  return new FocusClientError(code ?? 'server_error', message, {
    hint,
    retryAfterMs: retry_after === undefined ? undefined : retry_after * 1000,
  })
}
