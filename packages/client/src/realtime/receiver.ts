import { FocusClientError } from '../errors.ts'
import type {
  ConnectionMessage,
  ErrorMessage,
  HeartbeatMessage,
  NotificationMessage,
  ServerMessage,
} from '../protocol.ts'
import type { Emitters, Gap } from './events.ts'
import { type FocusNotification, toNotification } from './notification.ts'
import type { PositionTracker } from './position.ts'
import type { Subscription } from './subscription.ts'
import type { UnreadCount } from './unread-count.ts'

export interface ReceiverOptions {
  readonly emitters: Emitters
  readonly position: PositionTracker
  readonly subscription: Subscription
  readonly unread: UnreadCount
  /** The notification of that id, if it is shown. */
  readonly find: (id: string) => FocusNotification | undefined
  /** What is shown may not be what the server has. */
  readonly resync: () => void
}

/** Reads the server's messages: what is new is told, once and in order; what is missing is noticed. */
export class Receiver {
  readonly #options: ReceiverOptions
  #stateRev: number | null = null
  /** Highest offset that arrived as a notification; a heartbeat ahead of it means that a filter hid some. */
  #shownOffset = 0
  #isPositionLost = false

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /** The server does not know the position any more: the next connection begins anew. */
  forgetPosition(): void {
    this.#options.position.forget()
    this.#isPositionLost = true
  }

  /** What follows concerns another sign-in. */
  reset(): void {
    this.#stateRev = null
    this.#shownOffset = 0
    this.#isPositionLost = false
    this.#options.unread.set(0)
  }

  hear(message: ServerMessage): void {
    const { emitters, position, unread, resync } = this.#options
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
        emitters.change.emit({ ids: message.ids, state: message.state })
        unread.set(message.unread_count)
        // Too many to name: the inbox knows.
        if (message.ids.length === 0) resync()
        this.#stateRevSeen(message.state_rev, 1)
        break
      case 'error':
        emitters.error.emit(refusal(message))
        break
    }
    emitters.message.emit(message)
  }

  #connected(message: ConnectionMessage): void {
    const { position, unread } = this.#options
    const isLost = position.connected(message) || this.#isPositionLost
    this.#isPositionLost = false
    this.#shownOffset = message.stream?.offset ?? 0
    if (message.unread_count !== undefined) unread.set(message.unread_count)
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
    // What is replayed is in the count that the connection began with.
    if (!notification.replayed) this.#countUnread(notification)
    emitters.notification.emit(notification)
  }

  #countUnread({ id, count }: FocusNotification): void {
    const { unread, find, resync } = this.#options
    const before = find(id)
    // One that others were merged into may have been unread before; if it is not shown, only the server knows.
    if (count > 1 && !before) resync()
    else if (before?.readAt !== null) unread.set(unread.value + 1)
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
    this.#options.emitters.gap.emit({ reason })
    this.#options.resync()
  }
}

function refusal({ code, message, hint, retry_after }: ErrorMessage): FocusClientError {
  return new FocusClientError(code ?? 'server_error', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(retry_after === undefined ? {} : { retryAfterMs: retry_after * 1000 }),
  })
}
