import type { InboxResponse, JsonObject, NotificationMessage } from '../protocol.ts'

/** A notification. */
export interface FocusNotification {
  /** UUIDv7. The client creates an id (`local-…`) if the server sends none. */
  readonly id: string
  /** `info`, `success`, `warning`, `error`, or a type of the application. */
  readonly type: string
  readonly title: string
  readonly message: string
  /** The topic, such as `limits`; null without one. */
  readonly event: string | null
  readonly data: JsonObject
  /** ISO 8601. */
  readonly timestamp: string
  /** Number of notifications merged into this one, itself included. */
  readonly count: number
  readonly groupKey: string | null
  /** ISO 8601; it leaves `list` at this time. Null if it does not expire. */
  readonly expiresAt: string | null
  /** ISO 8601; null while unread. */
  readonly readAt: string | null
  /** `all` for a broadcast. */
  readonly stream: 'user' | 'all'
  /** Number of the event in its stream; null if the server sends none. */
  readonly offset: number | null
  /** Whether it was sent while this client was disconnected. */
  readonly replayed: boolean
}

const localPrefix = 'local-'
/** Number of created ids. They are unique within the page, and sort by creation. */
let localIds = 0

export function toNotification(
  message: Omit<NotificationMessage, 'type'> & Partial<Pick<InboxResponse['notifications'][number], 'read_at'>>,
): FocusNotification {
  return {
    id: message.id ?? localId(),
    type: message.notification_type,
    title: message.title,
    message: message.message,
    event: message.event ?? null,
    data: message.data ?? {},
    timestamp: message.timestamp,
    count: message.count ?? 1,
    groupKey: message.group_key ?? null,
    expiresAt: message.expires_at ?? null,
    readAt: message.read_at ?? null,
    stream: message.stream ?? 'user',
    offset: message.offset ?? null,
    replayed: message.replayed ?? false,
  }
}

/** Returns whether the server knows this id. */
export function isServerId(id: string): boolean {
  return !id.startsWith(localPrefix)
}

function localId(): string {
  localIds += 1
  return localPrefix + String(localIds).padStart(9, '0')
}
