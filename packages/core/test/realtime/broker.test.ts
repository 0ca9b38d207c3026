import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryBroker } from '../../src/realtime/brokers/memory-broker.ts'
import { brokerPublisher } from '../../src/realtime/brokers/publisher.ts'
import type { Broker, BrokerMessage } from '../../src/realtime/ports.ts'
import type { NotificationEvent } from '../../src/notifications/ports.ts'

/** Requirements on every driver: delivery is best effort, in order, and only to subscribers. */
const drivers: { name: string; open: () => Promise<Broker> }[] = [
  { name: 'memory', open: async () => new MemoryBroker() },
]

describe.each(drivers)('broker: $name', ({ open }) => {
  let broker: Broker
  let heard: BrokerMessage[]
  beforeEach(async () => {
    broker = await open()
    heard = []
    broker.onMessage((message) => heard.push(message))
  })
  afterEach(() => broker.close())

  const event = (userKey: string | null, offset: number): NotificationEvent => ({
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
  })
  const notifications = (userKey: string | null, ...offsets: number[]): BrokerMessage => ({
    kind: 'notifications',
    userKey,
    events: offsets.map((offset) => event(userKey, offset)),
  })

  test('is connected', () => {
    expect(broker.connected).toBe(true)
  })

  test('carries every kind of message of a subscribed user, unchanged and in order', async () => {
    await broker.subscribe('1')
    const messages: BrokerMessage[] = [
      notifications('1', 1, 2),
      {
        kind: 'state',
        userKey: '1',
        event: { userKey: '1', ids: ['a'], state: 'read', unreadCount: 1, stateRev: 2, offset: 3, allOffset: 1 },
      },
      { kind: 'session_end', userKey: '1', end: { userKey: '1', sessionId: 's', reason: 'logout' }, from: 'n2' },
      notifications('1', 3),
    ]
    for (const message of messages) broker.publish(message)
    await expect.poll(() => heard).toEqual(messages)
  })

  test('carries no messages of users without a subscription, nor after it ended', async () => {
    await broker.subscribe('1')
    await broker.subscribe('2')
    await broker.unsubscribe('2')
    broker.publish(notifications('2', 1))
    broker.publish(notifications('3', 1))
    broker.publish(notifications('1', 1))
    await expect.poll(() => heard.map(({ userKey }) => userKey)).toEqual(['1'])
  })

  test('separates users whose ids differ only in case', async () => {
    await broker.subscribe('auth0|AbC')
    broker.publish(notifications('auth0|abc', 1))
    broker.publish(notifications('auth0|AbC', 1))
    await expect.poll(() => heard.map(({ userKey }) => userKey)).toEqual(['auth0|AbC'])
  })

  test('carries broadcasts to every node', async () => {
    broker.publish(notifications(null, 1))
    await expect.poll(() => heard).toHaveLength(1)
  })

  test('does not call a listener that was removed', async () => {
    const late: BrokerMessage[] = []
    const leave = broker.onMessage((message) => late.push(message))
    broker.publish(notifications(null, 1))
    await expect.poll(() => late).toHaveLength(1)
    leave()
    broker.publish(notifications(null, 2))
    await expect.poll(() => heard).toHaveLength(2)
    expect(late).toHaveLength(1)
  })

  test('receives the events of one commit as one message per stream, in order', async () => {
    await broker.subscribe('1')
    await broker.subscribe('2')
    const events = [event('1', 1), event('2', 1), event(null, 1), event('1', 2)]
    brokerPublisher(broker).notificationsCommitted(events)
    await expect.poll(() => heard).toHaveLength(3)
    expect(heard).toEqual([
      { kind: 'notifications', userKey: '1', events: [events[0], events[3]] },
      { kind: 'notifications', userKey: '2', events: [events[1]] },
      { kind: 'notifications', userKey: null, events: [events[2]] },
    ])
  })
})
