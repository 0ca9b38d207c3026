import type { NotificationEvent } from '../../packages/core/src/notifications/ports.ts'

/** Returns a notification of about 250 bytes on the wire. Its size is the same for every number. */
export function makeEvent(userKey: string | null, offset: number): NotificationEvent {
  return {
    stream: userKey === null ? 'all' : 'user',
    userKey,
    epoch: 'k3f9',
    offset,
    id: '0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69',
    type: 'warning',
    title: 'Limite',
    message: 'Limite de 80% pour Instagram',
    event: 'limits',
    data: { app_name: 'Instagram', percentage: 80 },
    timestamp: 1_760_000_000_000,
    count: 1,
    groupKey: null,
    expiresAt: null,
  }
}

/** Returns the same notification for servers without a log. */
export function makePayload(event: NotificationEvent) {
  return {
    type: 'notification',
    notification_type: event.type,
    title: event.title,
    message: event.message,
    data: event.data,
    timestamp: new Date(event.timestamp).toISOString(),
    id: event.id,
    epoch: event.epoch,
    offset: event.offset,
    event: event.event,
    count: event.count,
  }
}
