/**
 * Messages and answers on the wire (`PROTOCOL.md`). Fields that a server may omit are optional, so that the client also
 * works with servers of the first protocol, which has only type, message, title, data and timestamp.
 */

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
/** A JSON object; `JsonValue` of any depth. */
export type JsonObject = { [key: string]: JsonValue }

/** Correlation id: the answer repeats the `ref` of the message. */
export type Ref = string | number

/** Position in a stream. */
export interface StreamPosition {
  readonly epoch: string
  readonly offset: number
}

/** Why a resume could not deliver all missed events. */
export type ResumeReason = 'epoch_changed' | 'position_lost' | 'retention' | 'too_far'

/** The first message of every connection. */
export interface ConnectionMessage {
  readonly type: 'connection'
  readonly message: string
  readonly timestamp: string
  readonly protocol?: number
  readonly connection_id?: string
  readonly user_id?: number | string
  /** Seconds. */
  readonly heartbeat_interval?: number
  readonly auth_expires_at?: string
  readonly stream?: StreamPosition & { readonly oldest?: number }
  readonly all?: StreamPosition
  readonly resume?: { readonly requested: boolean; readonly recovered: boolean; readonly reason?: ResumeReason }
  readonly unread_count?: number
  readonly state_rev?: number
  readonly limits?: { readonly max_message_bytes: number; readonly actions_per_minute: number }
  readonly ref?: Ref
}

/** Sent at the heartbeat interval, with the heads of the streams. */
export interface HeartbeatMessage {
  readonly type: 'heartbeat'
  readonly timestamp: string
  readonly epoch?: string
  readonly offset?: number
  readonly all?: StreamPosition
  readonly state_rev?: number
}

/** One notification. */
export interface NotificationMessage {
  readonly type: 'notification'
  readonly notification_type: string
  readonly title: string
  readonly message: string
  readonly data?: JsonObject
  readonly timestamp: string
  readonly id?: string
  readonly stream?: 'all'
  readonly epoch?: string
  readonly offset?: number
  readonly event?: string
  readonly count?: number
  readonly group_key?: string
  readonly expires_at?: string
  readonly replayed?: boolean
}

/** Reports a refused message of the client, or a failure. */
export interface ErrorMessage {
  readonly type: 'error'
  readonly message: string
  readonly code?: string
  readonly hint?: string
  /** The wrong field. */
  readonly detail?: string
  readonly ref?: Ref
  /** Seconds. */
  readonly retry_after?: number
}

/** Answers `ping`. */
export interface PongMessage {
  readonly type: 'pong'
  readonly timestamp: string
  readonly client_timestamp?: string | number
  readonly ref?: Ref
}

/** Answers `subscribe` and `unsubscribe`. */
export interface SubscribedMessage {
  readonly type: 'subscribed'
  /** Subscribed topics, also after an unsubscribe. */
  readonly events: readonly string[]
  /** Excluded topics, while there is no subscription: all other topics arrive. */
  readonly except?: readonly string[]
  readonly ref?: Ref
}

/** Answers `get_stats`. */
export interface StatsMessage {
  readonly type: 'stats'
  readonly websocket_enabled: boolean
  readonly active_users: number
  readonly active_connections: number
  readonly your_connections?: number
  readonly ref?: Ref
}

/** Offsets of a stream that are not sent any more. */
export interface GapMessage {
  readonly type: 'gap'
  readonly stream?: 'all'
  readonly from: number
  readonly to: number
  /** `retention`: deleted from the log. `too_far`: too many to send one by one. */
  readonly reason: 'retention' | 'too_far'
}

/** Notifications that were read or deleted in another tab or on another device. */
export interface StateMessage {
  readonly type: 'state'
  readonly ids: readonly string[]
  readonly state: 'read' | 'deleted'
  readonly unread_count: number
  readonly state_rev: number
  /** Head of the user's stream at the change. Later events are neither changed nor counted. */
  readonly offset?: number
  /** Head of the shared stream at the change. */
  readonly all_offset?: number
}

/** Answers `read`. */
export interface ReadMessage {
  readonly type: 'read'
  readonly unread_count: number
  readonly ref?: Ref
}

/** Answers `ack`. */
export interface AckedMessage {
  readonly type: 'acked'
  readonly offset: number
  readonly stream?: 'all'
  readonly ref?: Ref
}

/** Answers `resume`. */
export interface ResumedMessage {
  readonly type: 'resumed'
  readonly recovered: boolean
  readonly reason?: ResumeReason
  readonly stream: StreamPosition
  readonly all: StreamPosition
  readonly ref?: Ref
}

/** Answers `sync`, after its notifications. */
export interface SyncedMessage {
  readonly type: 'synced'
  /** All events up to it were sent; pass it as `since` to continue. */
  readonly offset: number
  readonly more: boolean
  readonly stream?: 'all'
  readonly ref?: Ref
}

/** Answers `auth` with a fresh token. */
export interface AuthenticatedMessage {
  readonly type: 'authenticated'
  readonly auth_expires_at: string
  readonly ref?: Ref
}

/** The access token of the connection is about to end; send `auth` with a fresh one. */
export interface AuthExpiringMessage {
  readonly type: 'auth_expiring'
  readonly expires_at: string
}

/** The server is about to close the connection; connect again after `after_ms` milliseconds. */
export interface ReconnectMessage {
  readonly type: 'reconnect'
  readonly after_ms: number
}

/** Last message of an event stream, with the close code of a WebSocket. WebSockets do not send it. */
export interface CloseMessage {
  readonly type: 'close'
  readonly code: number
  readonly reason: string
}

/** Messages of the server. Clients ignore unknown types. */
export type ServerMessage =
  | ConnectionMessage
  | HeartbeatMessage
  | NotificationMessage
  | ErrorMessage
  | PongMessage
  | SubscribedMessage
  | StatsMessage
  | GapMessage
  | StateMessage
  | ReadMessage
  | AckedMessage
  | ResumedMessage
  | SyncedMessage
  | AuthenticatedMessage
  | AuthExpiringMessage
  | ReconnectMessage
  | CloseMessage

/** Messages of the client. */
export type ClientMessage = { readonly ref?: Ref } & (
  | { readonly action: 'auth'; readonly token: string }
  | { readonly action: 'ping'; readonly timestamp?: string | number }
  | { readonly action: 'subscribe' | 'unsubscribe'; readonly events: string[] }
  | { readonly action: 'get_stats' }
  | {
      readonly action: 'resume'
      readonly epoch: string
      readonly offset: number
      readonly all_offset?: number
      readonly last_id?: string
    }
  | { readonly action: 'sync'; readonly since: number; readonly limit?: number; readonly stream?: 'all' }
  | { readonly action: 'ack'; readonly offset: number; readonly stream?: 'all' }
  | { readonly action: 'read'; readonly ids: string[] }
  | { readonly action: 'read'; readonly up_to_offset: number; readonly stream?: 'all' }
)

/** Answer of `POST /auth/token`, `POST /auth/refresh` and the callback. */
export interface TokenResponse {
  readonly access_token: string
  readonly refresh_token?: string
  readonly token_type?: string
  /** Seconds. */
  readonly expires_in?: number
  readonly user?: UserResponse
}

/** The signed-in user. */
export interface UserResponse {
  readonly id: number | string
  readonly username: string
  readonly email: string | null
  readonly full_name: string | null
  readonly avatar_url: string | null
}

/** One page of `GET /notifications`, newest first. */
export interface InboxResponse {
  readonly notifications: readonly (Omit<NotificationMessage, 'type'> & { readonly read_at?: string | null })[]
  /** Opaque; null at the end. */
  readonly next_before: string | null
  readonly unread_count: number
  /** Heads of the user's stream and of the shared stream at the count. */
  readonly offset?: number
  readonly all_offset?: number
  /** Revision of the read and deleted state, as in the messages of the WebSocket. */
  readonly state_rev?: number
}

/** Answer to a refused request (RFC 9457). Token routes add the `error` of RFC 6749. */
export interface ProblemResponse {
  readonly title?: string
  readonly detail?: string
  readonly code?: string
  readonly hint?: string
  readonly error?: string
  readonly error_description?: string
}
