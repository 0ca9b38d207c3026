import type { JsonObject } from '../common/json.ts'
import type { UserId, UserKey } from '../common/user-id.ts'
import type { Routing } from './routing-port.ts'
import type { Policies } from './policies/policy.ts'

export type * from './routing-port.ts'

/** The built-in kinds; an application may use names of its own. */
export type NotificationType = 'info' | 'success' | 'warning' | 'error' | (string & {})

/** What a notification says, whoever it is for, and what may hold it back. */
export interface NotificationContent extends Delivery {
  /** `info` when absent; at most 64 characters. */
  readonly type?: NotificationType
  /** 1 to 500 characters. */
  readonly title: string
  /** At most 8,000 characters. */
  readonly message: string
  /** The topic that subscriptions filter on, such as `activities`; at most 191 characters. */
  readonly event?: string
  /** Travels with the notification; at most 16 KiB as JSON. */
  readonly data?: JsonObject
}

/** When, how often and by what ways a notification reaches a person. */
export interface Delivery extends Policies, Routing {
  /** Not before this moment; at once when absent. */
  readonly deliverAt?: Date
  /** Of no interest from this moment on: not delivered any more, and taken out of the inbox. */
  readonly expiresAt?: Date
}

export interface NotificationInput extends NotificationContent {
  readonly userId: UserId
}

/** What became of a notification. */
export type Receipt =
  | {
      /** `merged`: it joined an earlier notification of its group, which has a new offset now. */
      readonly outcome: 'created' | 'merged'
      readonly id: string
      readonly offset: number
    }
  | {
      /** `pending`: it is in the caller's transaction; `scheduled`, `deferred`: it will be sent later. */
      readonly outcome: 'pending' | 'scheduled' | 'deferred'
      readonly id: string
    }
  | { readonly outcome: 'suppressed'; readonly reason: 'duplicate' | 'rate' | 'preference' | 'expired' }

/** What became of a notification to many people, counted. */
export interface Summary {
  readonly total: number
  readonly created: number
  readonly merged: number
  readonly suppressed: number
  /** Scheduled or deferred. */
  readonly later: number
  /** Ids that the user directory does not know; nothing was sent to them. */
  readonly unknown: number
}

/** A notification as the inbox shows it. */
export interface InboxItem extends NotificationEvent {
  /** Milliseconds since 1970; null while unread. */
  readonly readAt: number | null
}

/** What an operator sees of a notification: that it was sent and whether it was read, not what it says. */
export type LoggedNotification = Pick<
  InboxItem,
  'id' | 'userKey' | 'offset' | 'type' | 'title' | 'event' | 'count' | 'timestamp' | 'readAt'
>

export interface InboxQuery {
  /** 1 to 500; 50 when absent. */
  readonly limit?: number
  /** `nextBefore` of the page before; the newest when null or absent. */
  readonly before?: string | null
  readonly unread?: boolean
  /** One topic, or several. */
  readonly event?: string | readonly string[]
}

export interface InboxPage {
  /** Newest first, broadcasts merged in. */
  readonly notifications: readonly InboxItem[]
  /** Opaque; null at the end. */
  readonly nextBefore: string | null
  readonly unreadCount: number
  /** Heads of the user's stream and of the shared one when the unread were counted. */
  readonly offset: number
  readonly allOffset: number
  /** Sum of both streams' revisions then, as the WebSocket tells it. */
  readonly stateRev: number
}

/** One event of a stream, as it is committed: what the hub, the inbox and the other transports carry. */
export interface NotificationEvent {
  /** `all` for the shared stream of broadcasts. */
  readonly stream: 'user' | 'all'
  /** The stream's owner; null for `all`. */
  readonly userKey: UserKey | null
  readonly epoch: string
  readonly offset: number
  /** UUIDv7. */
  readonly id: string
  readonly type: string
  readonly title: string
  readonly message: string
  readonly event: string | null
  readonly data: JsonObject
  /** Milliseconds since 1970. */
  readonly timestamp: number
  /** How many notifications were merged into this one; 1 when none was. */
  readonly count: number
  readonly groupKey: string | null
  /** When it stops being of interest, in milliseconds since 1970; null for never. */
  readonly expiresAt: number | null
}

/** Inbox state that changed in one place and has to be told to the user's other tabs. */
export interface StateEvent {
  readonly userKey: UserKey
  readonly ids: readonly string[]
  readonly state: 'read' | 'deleted'
  readonly unreadCount: number
  readonly stateRev: number
  /** Heads of the user's stream and of the shared one when it changed: later events are not concerned. */
  readonly offset: number
  readonly allOffset: number
}

/** Port: told, after the commit, of what is now in the log. */
export interface NotificationPublisher {
  notificationsCommitted(events: readonly NotificationEvent[]): void
  stateChanged(event: StateEvent): void
}

/** Where a user's stream stands. */
export interface StreamHead {
  readonly epoch: string
  /** Offset of the newest event; 0 when there is none. */
  readonly offset: number
  /** Offset of the oldest event that the log still holds. */
  readonly oldest: number
  readonly unreadCount: number
  readonly stateRev: number
}
