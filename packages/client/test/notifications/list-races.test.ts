import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { heldPages, shownList } from '../support/held-pages.ts'
import { connect, createTestClient, showList, titlesOf } from '../support/test-client.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer

beforeAll(async () => {
  server = await startFocusServer()
})
afterAll(() => server.stop())

const withHeldPages = (name: string) => heldPages(server, name)
const withShownList = (name: string, ...titles: string[]) => shownList(server, name, ...titles)

test('a notification that arrives during a request is shown with its page', async () => {
  const { list, notify, held } = await withHeldPages('anna')
  await notify('on the page')
  showList(list)
  await untilTrue(() => held.length === 1)
  await notify('live')
  expect(titlesOf(list.snapshot.items)).toEqual(['live'])
  held[0]?.()
  await untilTrue(() => !list.snapshot.isLoading)
  expect(titlesOf(list.snapshot.items)).toEqual(['live', 'on the page'])
})

test('a notification read during a request stays read', async () => {
  const { client, list, notify, held } = await withHeldPages('bert')
  showList(list)
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

test('a page of the previous user is not shown to the next user', async () => {
  const { client, list, notify, held } = await withHeldPages('carl')
  await notify('of carl')
  showList(list)
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

test('simultaneous loads share one request', async () => {
  const { list, held } = await withHeldPages('emil')
  const loads = [list.loadMore(), list.loadMore(), list.loadMore()]
  await untilTrue(() => held.length === 1)
  held[0]?.()
  await Promise.all(loads)
  expect(held).toHaveLength(1)
})

test('a list that failed to load without a server loads when the connection opens', async () => {
  const tokens = await server.signIn('frida')
  await server.focus.notifications.notifyUser({ userId: tokens.user.id, title: 'earlier', message: 'M' })
  let isUnreachable = true
  const client = createTestClient({
    url: server.url,
    fetch: (input, init) => (isUnreachable ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init)),
  })
  client.adoptSession(tokens)
  const { list } = client.notifications
  showList(list)
  await untilTrue(() => list.snapshot.error !== null)
  expect(list.snapshot).toMatchObject({ isLoading: false, error: { code: 'network_error' } })
  isUnreachable = false
  client.notifications.connect()
  await untilTrue(() => list.snapshot.items.length === 1)
  expect(list.snapshot.error).toBeNull()
})

describe('R5: a notification deleted on another device leaves the list', () => {
  test('if it was deleted while offline', async () => {
    const { client, held, shown, id, inbox } = await withShownList('gert', 'a', 'b', 'c')
    client.notifications.disconnect()
    for (const title of ['c', 'a']) await inbox.remove(id(title))
    client.notifications.connect()
    await untilTrue(() => held.length === 2)
    held[1]?.()
    await untilTrue(() => shown().length === 1)
    expect(shown()).toEqual(['b'])
    expect(client.notifications.unreadCount).toBe(1)
  })

  test('if the list is loaded again without a connection', async () => {
    const { client, shown, id, inbox, staleReload } = await withShownList('hugo', 'a', 'b')
    client.notifications.disconnect()
    for (const title of ['a', 'b']) await inbox.remove(id(title))
    await (await staleReload())()
    expect(shown()).toEqual([])
  })

  test('if it is on an older page', async () => {
    const { client, list, held, inbox, userId } = await withShownList('inga')
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        server.focus.notifications.notifyUser({ userId, title: String(n), message: 'M' }),
      ),
    )
    await untilTrue(() => list.snapshot.items.length === 60)
    const reload = list.reload()
    await untilTrue(() => held.length === 2)
    held[1]?.()
    await reload
    expect(list.snapshot.items).toHaveLength(50)
    const older = list.loadMore()
    await untilTrue(() => held.length === 3)
    const page = await server.focus.notifications.inbox(userId, { limit: 60 })
    const gone = page.notifications[55]?.id ?? ''
    const change = nextEvent(client.notifications, 'change')
    await inbox.remove(gone)
    await change
    held[2]?.()
    await older
    expect(list.snapshot.items).toHaveLength(59)
    expect(list.find(gone)).toBeUndefined()
  })
})

describe('R6: a stale answer does not undo live changes', () => {
  test('notifications deleted, read or received during the request keep their state', async () => {
    const { client, notify, shown, id, inbox, staleReload } = await withShownList('jan', 'a', 'b', 'c')
    const arrive = await staleReload()
    const changes: string[] = []
    client.notifications.on('change', ({ state }) => changes.push(state))
    await inbox.remove(id('c'))
    await inbox.read(id('a'))
    await notify('d')
    await untilTrue(() => changes.length === 2)
    await arrive()
    expect(shown()).toEqual(['d', 'b', '(a)'])
    expect(client.notifications.unreadCount).toBe(2)
  })

  test('changes between the first page and the connection are not missed', async () => {
    for (const isLate of [false, true]) {
      const held: (() => void)[] = []
      const client = createTestClient({
        url: server.url,
        async fetch(input, init) {
          const response = await fetch(input, init)
          // The first page arrives before the connection opens, or after it.
          if (held.length === 0) await new Promise<void>((resolve) => held.push(resolve))
          return response
        },
      })
      const tokens = await server.signIn(`between ${isLate}`)
      const userId = tokens.user.id
      const { notifications } = server.focus
      const notify = (title: string) => notifications.notifyUser({ userId, title, message: 'M' })
      await notify('gone')
      await notify('stays')
      client.adoptSession(tokens)
      const { list } = client.notifications
      showList(list)
      await untilTrue(() => held.length === 1)
      if (!isLate) {
        held[0]?.()
        await untilTrue(() => list.snapshot.items.length === 2)
      }
      const page = await notifications.inbox(userId)
      await notifications.delete(userId, page.notifications.at(-1)?.id ?? '')
      if (isLate) await notify('new')
      client.notifications.connect()
      await client.notifications.whenOpen()
      held[0]?.()
      const wanted = isLate ? 'new, stays' : 'stays'
      await untilTrue(() => titlesOf(list.snapshot.items).join(', ') === wanted)
    }
  })

  test('notifications deleted or read on this page keep their state', async () => {
    const { client, shown, id, staleReload } = await withShownList('karl', 'a', 'b')
    const arrive = await staleReload()
    await Promise.all([client.notifications.remove(id('b')), client.notifications.markRead(id('a'))])
    await arrive()
    expect(shown()).toEqual(['(a)'])
  })

  test('a page that the application requests includes the changes', async () => {
    const { client, held, id, inbox } = await withShownList('lena', 'a', 'b')
    const page = client.notifications.inbox()
    await untilTrue(() => held.length === 2)
    const change = nextEvent(client.notifications, 'change')
    await inbox.remove(id('b'))
    await change
    held[1]?.()
    expect(titlesOf((await page).notifications)).toEqual(['a'])
  })

  test('a read notification is unread again after a merge', async () => {
    const { client, list, shown, userId, inbox, staleReload } = await withShownList('mona')
    const merge = async (message: string) => {
      const arrival = nextEvent(client.notifications, 'notification')
      await server.focus.notifications.notifyUser({ userId, title: 'G', message, group: { key: 'g' } })
      await arrival
    }
    await merge('1')
    const change = nextEvent(client.notifications, 'change')
    await inbox.read(list.snapshot.items[0]?.id ?? '')
    await change
    const before = await staleReload()
    await merge('2')
    expect(shown()).toEqual(['G'])
    await before()
    expect(list.snapshot.items).toMatchObject([{ title: 'G', message: '2', readAt: null }])
    await (await staleReload())()
    expect(list.snapshot.items).toMatchObject([{ title: 'G', message: '2', readAt: null }])
    expect(client.notifications.unreadCount).toBe(1)
  })

  test('a change that the server refuses is undone', async () => {
    const { client, shown, id, held } = await withShownList('nils', 'a', 'b')
    await server.focus.auth.sessions.endAll(String(client.user?.id), 'revoked')
    const wanted = id('b')
    await expect(client.notifications.remove(wanted)).rejects.toMatchObject({ name: 'FocusClientError' })
    client.adoptSession(await server.signIn('nils'))
    await untilTrue(() => held.length === 2)
    held[1]?.()
    await untilTrue(() => shown().length === 2)
    expect(shown()).toEqual(['b', 'a'])
  })

  test('the unread count stays, too', async () => {
    const { client, notify, held } = await withShownList('olga', 'a')
    onTestFinished(client.notifications.on('unread', () => undefined))
    const page = client.notifications.inbox({ limit: 1 })
    await untilTrue(() => held.length === 2)
    await notify('b')
    expect(client.notifications.unreadCount).toBe(2)
    held[1]?.()
    await page
    expect(client.notifications.unreadCount).toBe(2)
  })
})

describe('R12: expired notifications', () => {
  test('leave the list and the count when they expire', async () => {
    const { client, notify, shown, userId } = await withShownList('paul', 'stays')
    const expiresAt = new Date(Date.now() + 1_500)
    const { notifications } = server.focus
    await notifications.notifyUser({ userId, title: 'own', message: 'M', expiresAt })
    await notifications.broadcast({ title: 'to all', message: 'M', expiresAt })
    await notify('later')
    await untilTrue(() => shown().length === 4)
    expect(client.notifications.unreadCount).toBe(4)
    const change = nextEvent(client.notifications, 'change', ({ state }) => state === 'deleted')
    const { ids } = await change
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime() - 50)
    expect(ids.length).toBeGreaterThan(0)
    await untilTrue(() => shown().length === 2)
    expect(shown()).toEqual(['later', 'stays'])
    expect(client.notifications.unreadCount).toBe(2)
  })
})

test('R12: without a list, the server reports expired notifications to the count', async () => {
  const busy = await startFocusServer({ websocket: { heartbeatIntervalSeconds: 1 } })
  onTestFinished(() => busy.stop())
  const client = createTestClient({ url: busy.url })
  const { notifications } = client
  onTestFinished(notifications.on('unread', () => undefined))
  await connect(client, await busy.signIn('sam'))
  const arrival = nextEvent(notifications, 'notification')
  await busy.focus.notifications.broadcast({ title: 'soon over', message: 'M', expiresAt: new Date(Date.now() + 500) })
  expect((await arrival).expiresAt).toMatch(/Z$/)
  expect(notifications.unreadCount).toBe(1)
  await untilTrue(() => notifications.unreadCount === 0)
})

test('a failed load is repeated while the connection is open', async () => {
  const tokens = await server.signIn('rita')
  await server.focus.notifications.notifyUser({ userId: tokens.user.id, title: 'earlier', message: 'M' })
  let failures = 0
  const client = createTestClient({
    url: server.url,
    fetch(input, init) {
      failures += 1
      return failures <= 2 ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init)
    },
  })
  await connect(client, tokens)
  showList(client.notifications.list)
  await untilTrue(() => client.notifications.list.snapshot.items.length === 1)
  expect(failures).toBe(3)
})
