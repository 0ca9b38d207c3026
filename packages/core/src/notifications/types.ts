import type { JsonObject } from '../one-time.ts'
import type { UserId, UserKey } from '../user-id.ts'

/** The built-in kinds; an application may use names of its own. */
export type NotificationType = 'info' | 'success' | 'warning' | 'error' | (string & {})

export interface NotificationInput {
  readonly userId: UserId
  /** `info` when absent. */
  readonly type?: NotificationType
  readonly title: string
  readonly message: string
  /** The topic that subscriptions filter on, such as `activities`. */
  readonly event?: string
  /** Travels with the notification; at most 16 KiB as JSON. */
  readonly data?: JsonObject
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
}

/** Inbox state that changed in one place and has to be told to the user's other tabs. */
export interface StateEvent {
  readonly userKey: UserKey
  readonly ids: readonly string[]
  readonly state: 'read' | 'deleted'
  readonly unreadCount: number
  readonly stateRev: number
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
