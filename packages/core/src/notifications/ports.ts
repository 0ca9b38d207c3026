import type { JsonObject } from '../common/json.ts'
import type { UserId, UserKey } from '../common/user-id.ts'
import type { Routing } from './routing-port.ts'
import type { Policies } from './policies/policy.ts'

export type * from './routing-port.ts'

/** The built-in kinds; an application may use names of its own. */
export type NotificationType = 'info' | 'success' | 'warning' | 'error' | (string & {})

/** The content of a notification for any recipient, with its delivery and policies. */
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

/** When, how often and by which transports a notification reaches a user. */
export interface Delivery extends Policies, Routing {
  /** The notification is sent at this time; immediately when absent. */
  readonly deliverAt?: Date
  /** From this time on the notification is not delivered, and is removed from the inbox. */
  readonly expiresAt?: Date
}

/** A notification for one user. */
export interface NotificationInput extends NotificationContent {
  readonly userId: UserId
}

/** The result of sending a notification. */
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

/** The results of sending a notification to many users, counted. */
export interface Summary {
  readonly total: number
  readonly created: number
  readonly merged: number
  readonly suppressed: number
  /** Scheduled or deferred. */
  readonly later: number
  /** Ids that the user directory does not know and that got nothing. */
  readonly unknown: number
}

/** A notification as the inbox shows it. */
export interface InboxItem extends NotificationEvent {
  /** Milliseconds since 1970; null while unread. */
  readonly readAt: number | null
}

/** A notification as an operator sees it: without its message and data. */
export type LoggedNotification = Pick<
  InboxItem,
  'id' | 'userKey' | 'offset' | 'type' | 'title' | 'event' | 'count' | 'timestamp' | 'readAt'
>

/** Selects a page of the inbox. */
export interface InboxQuery {
  /** 1 to 500; 50 when absent. */
  readonly limit?: number
  /** `nextBefore` of the previous page; the newest when null or absent. */
  readonly before?: string | null
  readonly unread?: boolean
  /** One topic, or several. */
  readonly event?: string | readonly string[]
}

/** One page of a user's inbox. */
export interface InboxPage {
  /** Newest first, broadcasts merged in. */
  readonly notifications: readonly InboxItem[]
  /** Opaque; null at the end. */
  readonly nextBefore: string | null
  readonly unreadCount: number
  /** Heads of the user's stream and of the shared one when the unread were counted. */
  readonly offset: number
  readonly allOffset: number
  /** Sum of both streams' revisions at that time, as on the WebSocket. */
  readonly stateRev: number
}

/** A committed event of a stream, as the hub, the inbox and the transports carry it. */
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
  /** The number of notifications that it stands for; 1 unless others were merged into it. */
  readonly count: number
  readonly groupKey: string | null
  /** Milliseconds since 1970; null if it never expires. */
  readonly expiresAt: number | null
}

/** A change of the inbox state, for the user's other connections. */
export interface StateEvent {
  readonly userKey: UserKey
  readonly ids: readonly string[]
  readonly state: 'read' | 'deleted'
  readonly unreadCount: number
  readonly stateRev: number
  /** Heads of the user's stream and of the shared one at the time of the change; it does not concern later events. */
  readonly offset: number
  readonly allOffset: number
}

/** Port: gets events after their commit. */
export interface NotificationPublisher {
  notificationsCommitted(events: readonly NotificationEvent[]): void
  stateChanged(event: StateEvent): void
}

/** The newest position of a stream. */
export interface StreamHead {
  readonly epoch: string
  /** Offset of the newest event; 0 when there is none. */
  readonly offset: number
  /** Offset of the oldest event that the log still holds. */
  readonly oldest: number
  readonly unreadCount: number
  readonly stateRev: number
}

/** The newest position of a user's stream, and that of the shared stream at the same time. */
export interface UserHead extends StreamHead {
  readonly all: StreamHead
}
