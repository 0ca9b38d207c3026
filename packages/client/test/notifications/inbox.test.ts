import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectNewUser, expectNoUnhandledRejections } from '../support/connected-client.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { connect, createTestClient, showList, titlesOf } from '../support/test-client.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer

expectNoUnhandledRejections()
beforeAll(async () => {
  server = await startFocusServer()
})
afterAll(() => server.stop())

const connected = () => connectNewUser(server)

describe('merged notifications', () => {
  /** Adds a comment to the group. Its notification counts the comments. */
  const comment = (userId: number | string, message: string) =>
    server.focus.notifications.notifyUser({
      userId,
      title: 'Comment',
      message,
      group: { key: 'post-1', title: '{count} comments' },
    })

  test('are one entry with their number, and count as one unread notification', async () => {
    const { client, userId, received } = await connected()
    const { list } = client.notifications
    showList(list)
    await untilTrue(() => !list.snapshot.isLoading)
    for (const message of ['a', 'b', 'c']) await comment(userId, message)
    await untilTrue(() => received.length === 3)
    expect(received.map(({ count, title }) => [count, title])).toEqual([
      [1, 'Comment'],
      [2, '2 comments'],
      [3, '3 comments'],
    ])
    expect(new Set(received.map(({ id }) => id)).size).toBe(1)
    expect(list.snapshot.items).toMatchObject([{ count: 3, message: 'c', groupKey: 'post-1' }])
    expect(client.notifications.unreadCount).toBe(1)
  })

  test('are unread again when another notification is merged after reading', async () => {
    const { client, userId, received } = await connected()
    const { list } = client.notifications
    showList(list)
    await comment(userId, 'a')
    await untilTrue(() => list.snapshot.items.length === 1)
    await client.notifications.markRead(received[0]?.id ?? '')
    expect(client.notifications.unreadCount).toBe(0)
    await comment(userId, 'b')
    await untilTrue(() => received.length === 2)
    expect(list.snapshot.items).toMatchObject([{ count: 2, readAt: null }])
    expect(client.notifications.unreadCount).toBe(1)
  })

  test('arrive once after a disconnect, with all merged notifications', async () => {
    const { client, userId, received, notify, titles } = await connected()
    await comment(userId, 'a')
    await untilTrue(() => received.length === 1)
    client.notifications.disconnect()
    await notify('between')
    for (const message of ['b', 'c']) await comment(userId, message)
    client.notifications.connect()
    await untilTrue(() => received.length === 3)
    expect(titles()).toEqual(['Comment', 'between', '3 comments'])
    expect(received[2]).toMatchObject({ id: received[0]?.id, count: 3, replayed: true })
    expect(client.notifications.position?.offset).toBe(4)
  })

  test('are counted correctly without a list', async () => {
    const { client, userId, received } = await connected()
    const counts: number[] = []
    client.notifications.on('unread', (count) => counts.push(count))
    await comment(userId, 'a')
    await untilTrue(() => received.length === 1)
    await client.notifications.markAllRead()
    await comment(userId, 'b')
    await untilTrue(() => counts.length === 3)
    expect(counts).toEqual([1, 0, 1])
  })
})

describe('more missed notifications than the server sends one by one', () => {
  test('are a gap: the client emits it, the list loads again, and later notifications arrive', async () => {
    const { client, userId, received, notify } = await connected()
    const { list } = client.notifications
    showList(list)
    await notify('first')
    await untilTrue(() => received.length === 1)
    const position = client.notifications.position
    client.notifications.disconnect()
    await Promise.all(
      Array.from({ length: 1_100 }, (_, n) =>
        server.focus.notifications.notifyUser({ userId, title: `missed ${n}`, message: 'M' }),
      ),
    )
    const gap = nextEvent(client.notifications, 'gap')
    client.notifications.connect()
    expect(await gap).toEqual({ reason: 'too_far' })
    await client.notifications.whenOpen()
    expect(client.notifications.unreadCount).toBe(1_101)
    await untilTrue(() => list.snapshot.items.some(({ title }) => title.startsWith('missed')))
    expect(position?.offset).toBe(1)
    await notify('last')
    await untilTrue(() => received.length === 2)
    expect(received[1]).toMatchObject({ title: 'last', offset: 1_102 })
    expect(list.snapshot.items[0]?.title).toBe('last')
  })
})

describe('the inbox', () => {
  test('its pages contain all notifications', async () => {
    const { client, notify } = await connected()
    for (let n = 0; n < 5; n += 1) await notify(String(n))
    const first = await client.notifications.inbox({ limit: 2 })
    expect(titlesOf(first.notifications)).toEqual(['4', '3'])
    expect(first.unreadCount).toBe(5)
    const second = await client.notifications.inbox({ limit: 3, before: first.nextBefore ?? '' })
    expect(titlesOf(second.notifications)).toEqual(['2', '1', '0'])
    const rest =
      second.nextBefore === null ? [] : (await client.notifications.inbox({ before: second.nextBefore })).notifications
    expect(rest).toEqual([])
  })

  test('the list contains old and new notifications, newest first', async () => {
    const { client, notify } = await connected()
    await notify('old')
    const { list } = client.notifications
    showList(list)
    await untilTrue(() => list.snapshot.items.length === 1 && !list.snapshot.isLoading)
    await notify('new')
    await untilTrue(() => list.snapshot.items.length === 2)
    expect(titlesOf(list.snapshot.items)).toEqual(['new', 'old'])
  })

  test('loadMore loads older pages until the end', async () => {
    const { client, userId } = await connected()
    for (let n = 0; n < 60; n += 1) {
      await server.focus.notifications.notifyUser({ userId, title: String(n), message: 'M' })
    }
    const { list } = client.notifications
    await list.loadMore()
    expect(list.snapshot).toMatchObject({ hasMore: true, isLoading: false, error: null })
    const shown = list.snapshot.items.length
    expect(shown).toBeLessThan(60)
    await list.loadMore()
    expect(titlesOf(list.snapshot.items)).toEqual(Array.from({ length: 60 }, (_, n) => String(59 - n)))
    expect(list.snapshot.hasMore).toBe(false)
    await list.reload()
    expect(list.snapshot.items).toHaveLength(shown)
  })

  test('a notification read in one tab is read in the other', async () => {
    const { client, notify, tokens } = await connected()
    const other = createTestClient({ url: server.url })
    await connect(other, tokens)
    showList(other.notifications.list)
    await notify('a')
    await notify('b')
    await untilTrue(() => other.notifications.list.snapshot.items.length === 2)
    const page = await client.notifications.inbox()
    await client.notifications.markRead(page.notifications[0]?.id ?? '')
    expect(client.notifications.unreadCount).toBe(1)
    await untilTrue(() => other.notifications.unreadCount === 1)
    const read = () => other.notifications.list.snapshot.items.filter(({ readAt }) => readAt !== null)
    await untilTrue(() => read().length === 1)
    expect(read()[0]?.title).toBe('b')
    await client.notifications.markAllRead()
    await untilTrue(() => read().length === 2 && other.notifications.unreadCount === 0)
  })

  test('a deleted notification leaves list, inbox and count', async () => {
    const { client, notify } = await connected()
    const { list } = client.notifications
    showList(list)
    await notify('a')
    await untilTrue(() => list.snapshot.items.length === 1)
    await client.notifications.remove(list.snapshot.items[0]?.id ?? '')
    expect(list.snapshot.items).toEqual([])
    expect((await client.notifications.inbox()).notifications).toEqual([])
    expect(client.notifications.unreadCount).toBe(0)
  })

  test('the deletion of an unknown notification is rejected', async () => {
    const { client, notify } = await connected()
    const { list } = client.notifications
    showList(list)
    await notify('a')
    await untilTrue(() => list.snapshot.items.length === 1)
    const id = list.snapshot.items[0]?.id ?? ''
    await server.focus.notifications.delete(Number((client.user ?? { id: 0 }).id), id)
    await expect(client.notifications.remove(id)).rejects.toMatchObject({ code: 'unknown_notification', status: 404 })
  })

  test('without a user, the inbox is refused and the list is empty', async () => {
    const client = createTestClient({ url: server.url })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'not_signed_in' })
    await client.notifications.list.reload()
    expect(client.notifications.list.snapshot).toMatchObject({ items: [], error: null, isLoading: false })
  })
})
