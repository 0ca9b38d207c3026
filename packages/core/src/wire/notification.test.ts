import { expect, test } from 'vitest'
import { notificationJson } from './notification.ts'

const event = {
  stream: 'user',
  epoch: 'k3f9',
  offset: 7,
  id: '0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69',
  type: 'warning',
  title: 'Title',
  message: 'Message',
  event: null,
  data: { percentage: 80 },
  timestamp: Date.UTC(2026, 2, 14, 10, 30),
  count: 1,
  groupKey: null,
  expiresAt: null,
} as const

test('absent values have no field', () => {
  expect(notificationJson(event)).toEqual({
    type: 'notification',
    notification_type: 'warning',
    title: 'Title',
    message: 'Message',
    data: { percentage: 80 },
    timestamp: '2026-03-14T10:30:00.000Z',
    id: event.id,
    epoch: 'k3f9',
    offset: 7,
    count: 1,
  })
})

test('a broadcast, a topic, a group and an expiry have their fields', () => {
  const broadcast = { ...event, stream: 'all', event: 'limits', groupKey: 'likes', expiresAt: event.timestamp } as const
  expect(notificationJson(broadcast)).toMatchObject({
    stream: 'all',
    event: 'limits',
    group_key: 'likes',
    expires_at: '2026-03-14T10:30:00.000Z',
  })
})
