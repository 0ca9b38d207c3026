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
import { type Knowledge, type Marks, startOfStreams } from './inbox/marks.ts'
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
  /** Returns the shown notification with this id. */
  readonly find: (id: string) => FocusNotification | undefined
  /** Called when the list may differ from the server's inbox. */
  readonly resync: () => void
  /** Called when only the unread count may differ. */
  readonly recount: () => void
}

/** Handles the server's messages: emits new events once and in order, and detects missing ones. */
export class Receiver {
  readonly #options: ReceiverOptions
  #stateRev: number | null = null
  /** Highest offset that arrived. A heartbeat with a higher one means that the subscription hides notifications. */
  #shownOffset = 0
  #isPositionLost = false
  /** State of the streams from which this client receives every event and change. */
  #liveFrom = startOfStreams
  /** Difference of the server's clock to this one. */
  #clockAheadMs = 0

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /**
   * Returns whether events may be missing between an answer of the inbox and the start of the connection. It returns true
   * once per connection, so that a server with contradictory answers does not cause endless reads.
   */
  isBehind({ user, all, stateRev }: Knowledge): boolean {
    const from = this.#liveFrom
    const isBehind = user < from.user || all < from.all || stateRev < from.stateRev
    if (isBehind) this.#liveFrom = startOfStreams
    return isBehind
  }

  /** The server's clock, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#clockAheadMs
  }

  /** Forgets the position after the server refused it. The next connection starts at the head. */
  forgetPosition(): void {
    this.#options.position.forget()
    this.#isPositionLost = true
  }

  /** Forgets the state of the previous sign-in. */
  reset(): void {
    this.#stateRev = null
    this.#liveFrom = startOfStreams
    this.#shownOffset = 0
    this.#isPositionLost = false
    this.#options.unread.restart({ unreadCount: 0, heads: startOfStreams })
  }

  handle(message: ServerMessage): void {
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
    if (heads && message.resume?.recovered !== true) this.#liveFrom = { ...heads, stateRev: message.state_rev ?? 0 }
    const reason = message.resume?.reason
    // The server sends a `gap` message for the other two reasons.
    if (isLost && reason !== 'retention' && reason !== 'too_far') this.#lost('position_lost')
    this.#stateRevSeen(message.state_rev, 0)
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
    // The count at the start of the connection includes replayed notifications.
    if (notification.replayed || marks.apply([notification])[0]?.readAt !== null) return
    const before = find(notification.id)
    // A merged notification may have been counted before. If it is not shown, only the server knows.
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
    // Without ids, too many notifications changed: read the inbox.
    if (ids.length === 0) resync()
    this.#stateRevSeen(message.state_rev, 1)
  }

  #heartbeat(message: HeartbeatMessage): void {
    const { position, subscription, resync } = this.#options
    const { offset = 0 } = message
    // Notifications of unwanted topics count as unread too.
    if (subscription.isFiltering && offset > this.#shownOffset) resync()
    this.#shownOffset = Math.max(this.#shownOffset, offset)
    position.heartbeat(message)
    this.#stateRevSeen(message.state_rev, 0)
  }

  /** @param step expected growth of the revision */
  #stateRevSeen(revision: number | undefined, step: 0 | 1): void {
    if (revision === undefined) return
    const isMissed = this.#stateRev !== null && revision > this.#stateRev + step
    this.#stateRev = Math.max(this.#stateRev ?? 0, revision)
    if (isMissed) this.#options.resync()
  }

  #lost(reason: Gap['reason']): void {
    if (reason === 'position_lost') {
      // Nothing is known about a restored log.
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
