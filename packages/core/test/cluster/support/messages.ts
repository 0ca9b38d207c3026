import { randomUUID } from 'node:crypto'
import type { NotificationsMessage } from '../../../src/cluster/broker-port.ts'
import type { NotificationEvent } from '../../../src/notifications/ports.ts'

/** Returns a notification as brokers carry it, with text beyond ASCII and nested data. */
export function event(userKey: string | null, offset: number): NotificationEvent {
  return {
    stream: userKey === null ? 'all' : 'user',
    userKey,
    epoch: 'k3f9',
    offset,
    id: randomUUID(),
    type: 'info',
    title: 'Ça marche',
    message: '🎉',
    event: null,
    data: { nested: [1, { deep: null }] },
    timestamp: 1_760_000_000_000,
    count: 1,
    groupKey: null,
    expiresAt: null,
  }
}

export function notifications(userKey: string | null, ...offsets: number[]): NotificationsMessage {
  return { kind: 'notifications', userKey, events: offsets.map((offset) => event(userKey, offset)) }
}
