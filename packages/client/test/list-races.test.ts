import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createFocusClient } from '../src/index.ts'
import { type FocusServer, startFocusServer } from './support/focus-server.ts'
import { nextEvent, untilTrue } from './support/wait.ts'

let server: FocusServer

beforeAll(async () => {
  server = await startFocusServer()
})
afterAll(() => server.stop())

/** A connected client whose inbox pages arrive when the test lets them; the server answers them at once. */
async function withHeldPages(name: string) {
  const held: (() => void)[] = []
  const client = createFocusClient({
    url: server.url,
    storage: null,
    async fetch(input, init) {
      const response = await fetch(input, init)
      const isPage = new URL(new Request(input, init).url).pathname.endsWith('/notifications')
      if (isPage) await new Promise<void>((resolve) => held.push(resolve))
      return response
    },
  })
  onTestFinished(() => client.close())
  const tokens = await server.signIn(name)
  client.adoptSession(tokens)
  client.notifications.connect()
  await client.notifications.whenOpen()
  /** Resolves when the client has it. */
  const notify = async (title: string) => {
    const arrival = nextEvent(client.notifications, 'notification')
    await server.focus.notifications.notifyUser({ userId: tokens.user.id, title, message: 'M' })
    await arrival
  }
  return { client, list: client.notifications.list, notify, held }
}

test('what arrives while a page is on its way is shown beside it', async () => {
  const { list, notify, held } = await withHeldPages('anna')
  await notify('on the page')
  onTestFinished(list.subscribe(() => undefined))
  await untilTrue(() => held.length === 1)
  await notify('live')
  expect(list.snapshot.items.map(({ title }) => title)).toEqual(['live'])
  held[0]?.()
  await untilTrue(() => !list.snapshot.isLoading)
  expect(list.snapshot.items.map(({ title }) => title)).toEqual(['live', 'on the page'])
})

test('what is read while a page is on its way stays read', async () => {
  const { client, list, notify, held } = await withHeldPages('bert')
  onTestFinished(list.subscribe(() => undefined))
  await untilTrue(() => held.length === 1)
  held[0]?.()
  await untilTrue(() => !list.snapshot.isLoading)
  await notify('one')
  const reload = list.reload()
  await untilTrue(() => held.length === 2)
  await client.notifications.markRead(list.snapshot.items[0]?.id ?? '')
  held[1]?.()
  await reload
  expect(list.snapshot.items[0]?.readAt).not.toBeNull()
})

test('a page of somebody who has signed out is not shown to the next', async () => {
  const { client, list, notify, held } = await withHeldPages('carl')
  await notify('of carl')
  onTestFinished(list.subscribe(() => undefined))
  await untilTrue(() => held.length === 1)
  client.adoptSession(await server.signIn('dina'))
  await untilTrue(() => held.length === 2)
  held[0]?.()
  held[1]?.()
  await untilTrue(() => !list.snapshot.isLoading)
  expect(list.snapshot.items).toEqual([])
  await client.notifications.whenOpen()
  expect(client.notifications.unreadCount).toBe(0)
})

test('loads that are asked for together are one request', async () => {
  const { list, held } = await withHeldPages('emil')
  const loads = [list.loadMore(), list.loadMore(), list.loadMore()]
  await untilTrue(() => held.length === 1)
  held[0]?.()
  await Promise.all(loads)
  expect(held).toHaveLength(1)
})

test('a list that could not be loaded while the server was away loads when the connection is back', async () => {
  const tokens = await server.signIn('frida')
  await server.focus.notifications.notifyUser({ userId: tokens.user.id, title: 'was there', message: 'M' })
  let isAway = true
  const client = createFocusClient({
    url: server.url,
    storage: null,
    fetch: (input, init) => (isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init)),
  })
  onTestFinished(() => client.close())
  client.adoptSession(tokens)
  const { list } = client.notifications
  onTestFinished(list.subscribe(() => undefined))
  await untilTrue(() => list.snapshot.error !== null)
  expect(list.snapshot).toMatchObject({ isLoading: false, error: { code: 'network_error' } })
  isAway = false
  client.notifications.connect()
  await untilTrue(() => list.snapshot.items.length === 1)
  expect(list.snapshot.error).toBeNull()
})
