import type { NotificationEvent } from '../../packages/core/src/notifications/ports.ts'

/** Content of a notification, as an application passes it to Focus. Each one has about 250 bytes on the wire. */
export function makeContent() {
  return {
    type: 'warning',
    title: 'Limite',
    message: 'Limite de 80% pour Instagram',
    event: 'limits',
    data: { app_name: 'Instagram', percentage: 80 },
  }
}

const id = '0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69'
const epoch = 'k3f9'
const timestamp = 1_760_000_000_000

/** Returns a stored notification, for measurements of the hub alone. Its size is the same for every offset. */
export function makeEvent(userKey: string | null, offset: number): NotificationEvent {
  return {
    ...makeContent(),
    stream: userKey === null ? 'all' : 'user',
    userKey,
    epoch,
    offset,
    id,
    timestamp,
    count: 1,
    groupKey: null,
    expiresAt: null,
  }
}

/** Returns what Focus sends, for servers without a log: the same fields and about the same bytes. */
export function makePayload(offset: number) {
  const { type, title, message, event, data } = makeContent()
  return {
    type: 'notification',
    notification_type: type,
    title,
    message,
    data,
    timestamp: new Date(timestamp).toISOString(),
    id,
    epoch,
    offset,
    event,
    count: 1,
  }
}
