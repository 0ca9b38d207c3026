import type { JsonObject } from '../common/json.ts'
import type { NotificationEvent } from '../notifications/ports.ts'
import { isoTimestamp } from './iso-timestamp.ts'

/** The fields of a notification event that clients see. `expiresAt` is absent in events of nodes of an earlier version. */
export type NotificationFields = Omit<NotificationEvent, 'userKey' | 'expiresAt'> &
  Partial<Pick<NotificationEvent, 'expiresAt'>>

/** A notification as JSON: a message of the real-time protocol, and an entry of `GET /notifications`. */
export interface NotificationJson {
  type: 'notification'
  notification_type: string
  title: string
  message: string
  data: JsonObject
  timestamp: string
  id: string
  epoch: string
  offset: number
  /** Present for broadcasts, which are numbered in the shared stream. */
  stream?: 'all'
  event?: string
  count: number
  group_key?: string
  expires_at?: string
}

/** Returns a new object on each call, to which the caller may add fields. */
export function notificationJson(event: NotificationFields): NotificationJson {
  return {
    type: 'notification',
    notification_type: event.type,
    title: event.title,
    message: event.message,
    data: event.data,
    timestamp: isoTimestamp(event.timestamp),
    id: event.id,
    epoch: event.epoch,
    offset: event.offset,
    ...(event.stream === 'all' && { stream: 'all' }),
    ...(event.event !== null && { event: event.event }),
    count: event.count,
    ...(event.groupKey !== null && { group_key: event.groupKey }),
    ...(event.expiresAt && { expires_at: new Date(event.expiresAt).toISOString() }),
  }
}
