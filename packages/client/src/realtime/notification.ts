import type { InboxResponse, JsonObject, NotificationMessage } from '../protocol.ts'

/** A notification, as an application sees it. */
export interface FocusNotification {
  /** UUIDv7; made here (`local-…`) when the server gives none. */
  readonly id: string
  /** `info`, `success`, `warning`, `error`, or a name of the application's own. */
  readonly type: string
  readonly title: string
  readonly message: string
  /** The topic, such as `limits`; null for none. */
  readonly event: string | null
  readonly data: JsonObject
  /** ISO 8601. */
  readonly timestamp: string
  /** How many notifications were merged into this one; 1 when none was. */
  readonly count: number
  readonly groupKey: string | null
  /** ISO 8601; from then on it is of no interest, and leaves `list` by itself. Null for never. */
  readonly expiresAt: string | null
  /** ISO 8601; null while unread. */
  readonly readAt: string | null
  /** `all` for a broadcast. */
  readonly stream: 'user' | 'all'
  /** Number of the event in its stream; null when the server gives none. */
  readonly offset: number | null
  /** It was sent while this client was away. */
  readonly replayed: boolean
}

const localPrefix = 'local-'
/** Ids made here are unique within the page, and sort in the order of their making. */
let made = 0

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

/** Whether the server knows the notification by this id. */
export function isServerId(id: string): boolean {
  return !id.startsWith(localPrefix)
}

function localId(): string {
  made += 1
  return localPrefix + String(made).padStart(9, '0')
}
