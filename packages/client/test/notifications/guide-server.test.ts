import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FocusClient, FocusNotification } from '../../src/index.ts'
import { type GuideServer, startGuideServer } from '../support/guide-server.ts'
import { createTestClient, titlesOf } from '../support/test-client.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: GuideServer
let client: FocusClient

beforeEach(async () => {
  server = await startGuideServer('right')
  client = createTestClient({ url: server.url, token: 'right', socketAuth: 'query', events: ['limits'] })
})
afterEach(() => server.stop())

test('notifications arrive from a server of the first protocol', async () => {
  const received: FocusNotification[] = []
  client.notifications.on('notification', (notification) => received.push(notification))
  client.notifications.connect()
  await client.notifications.whenOpen()
  server.notify('one')
  server.notify('one')
  await untilTrue(() => received.length === 2)
  expect(received[0]).toMatchObject({ type: 'info', title: 'one', count: 1, event: null, offset: null, readAt: null })
  expect(new Set(received.map(({ id }) => id)).size).toBe(2)
  expect(client.notifications.position).toBeNull()
  expect(client.notifications.unreadCount).toBe(2)
})

test('the client reconnects, and sends only messages of the first protocol', async () => {
  client.notifications.connect()
  await client.notifications.whenOpen()
  server.cut()
  await nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
  client.notifications.retry()
  await client.notifications.whenOpen()
  expect(server.addresses).toHaveLength(2)
  for (const address of server.addresses) expect(address).not.toContain('offset')
  const arrival = nextEvent(client.notifications, 'notification')
  server.notify('two')
  expect(await arrival).toMatchObject({ title: 'two' })
})

test('the list contains arrived notifications, and reads stay local', async () => {
  const { list } = client.notifications
  const stop = list.subscribe(() => undefined)
  client.notifications.connect()
  await client.notifications.whenOpen()
  await untilTrue(() => !list.snapshot.isLoading)
  server.notify('one')
  server.notify('two')
  await untilTrue(() => list.snapshot.items.length === 2)
  expect(titlesOf(list.snapshot.items)).toEqual(['two', 'one'])
  await client.notifications.markRead(list.snapshot.items[0]?.id ?? '')
  expect(list.snapshot.items.map(({ readAt }) => readAt !== null)).toEqual([true, false])
  expect(client.notifications.unreadCount).toBe(1)
  expect(list.snapshot).toMatchObject({ error: null, hasMore: false })
  stop()
})

test('a refused token ends the connection', async () => {
  const wrong = createTestClient({ url: server.url, token: 'wrong', socketAuth: 'query' })
  wrong.notifications.connect()
  await expect(wrong.notifications.whenOpen()).rejects.toMatchObject({ code: 'connection_closed', status: 1008 })
})
