import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFocusClient, type FocusClient, type FocusNotification } from '../../src/index.ts'
import { type GuideServer, startGuideServer } from '../support/guide-server.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: GuideServer
let client: FocusClient

beforeEach(async () => {
  server = await startGuideServer('right')
  client = createFocusClient({ url: server.url, token: 'right', socketAuth: 'query', events: ['limits'] })
})
afterEach(async () => {
  client.close()
  await server.stop()
})

test('a server that knows only the guide’s messages is enough to receive', async () => {
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

test('it comes back, and asks for nothing that such a server does not know', async () => {
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

test('the list holds what arrived, and reading stays here', async () => {
  const { list } = client.notifications
  const stop = list.subscribe(() => undefined)
  client.notifications.connect()
  await client.notifications.whenOpen()
  await untilTrue(() => !list.snapshot.isLoading)
  server.notify('one')
  server.notify('two')
  await untilTrue(() => list.snapshot.items.length === 2)
  expect(list.snapshot.items.map(({ title }) => title)).toEqual(['two', 'one'])
  await client.notifications.markRead(list.snapshot.items[0]?.id ?? '')
  expect(list.snapshot.items.map(({ readAt }) => readAt !== null)).toEqual([true, false])
  expect(client.notifications.unreadCount).toBe(1)
  expect(list.snapshot).toMatchObject({ error: null, hasMore: false })
  stop()
})

test('its refusal of a token ends the connection', async () => {
  const wrong = createFocusClient({ url: server.url, token: 'wrong', socketAuth: 'query' })
  wrong.notifications.connect()
  await expect(wrong.notifications.whenOpen()).rejects.toMatchObject({ code: 'connection_closed', status: 1008 })
})
