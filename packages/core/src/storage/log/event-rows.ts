import type { Selectable } from 'kysely'
import type { LogEntry } from '../../notifications/log-entry-port.ts'
import type { InboxItem, NotificationEvent } from '../../notifications/ports.ts'
import type { JsonObject } from '../../common/json.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { OutboxPayload } from '../../transports/outbox/outbox-port.ts'
import type { OutboxNotification } from '../outbox/outbox-rows.ts'
import type { NotificationsTable } from '../tables.ts'

/** Owner of the shared stream of broadcasts; no user's key is empty. */
export const sharedStream = ''

export function toStreamOwner(userKey: UserKey | null): string {
  return userKey ?? sharedStream
}

export type NotificationRow = Omit<Selectable<NotificationsTable>, 'read_at'>

export function toEvent(row: NotificationRow, epoch: string): NotificationEvent {
  const shared = row.user_key === sharedStream
  return {
    stream: shared ? 'all' : 'user',
    userKey: shared ? null : row.user_key,
    epoch,
    offset: row.offset,
    id: row.id,
    type: row.type,
    title: row.title,
    message: row.message,
    event: row.event,
    data: JSON.parse(row.data) as JsonObject,
    timestamp: row.created_at,
    count: row.count,
    groupKey: row.group_key,
    expiresAt: row.expires_at,
  }
}

/** Returns the notification of a row for the outbox. The JSON of its data is copied, not parsed. */
export function toOutboxNotification(row: NotificationRow, epoch: string): OutboxNotification {
  const { id, offset } = row
  const userKey = row.user_key === sharedStream ? null : row.user_key
  const fields = JSON.stringify({
    userKey,
    epoch,
    offset,
    id,
    type: row.type,
    title: row.title,
    message: row.message,
    event: row.event,
    timestamp: row.created_at,
    count: row.count,
    groupKey: row.group_key,
    expiresAt: row.expires_at,
  } satisfies Omit<OutboxPayload, 'critical' | 'data'>)
  return { userKey, id, offset, fields: `${fields.slice(0, -1)},"data":${row.data}}` }
}

/** Returns the event of an entry that became a row of its own. */
export function entryToEvent(entry: LogEntry, offset: number, epoch: string): NotificationEvent {
  return {
    stream: entry.userKey === null ? 'all' : 'user',
    userKey: entry.userKey,
    epoch,
    offset,
    id: entry.id,
    type: entry.type,
    title: entry.title,
    message: entry.message,
    event: entry.event,
    data: JSON.parse(entry.data) as JsonObject,
    timestamp: entry.createdAt,
    count: 1,
    groupKey: entry.policies?.group?.key ?? null,
    expiresAt: entry.expiresAt,
  }
}

export function toInboxItem(row: NotificationRow, readAt: number | null, epoch: string): InboxItem {
  return { ...toEvent(row, epoch), readAt }
}
