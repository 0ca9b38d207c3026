import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createFocusClient, type FocusClientOptions, type FocusNotification } from '../../src/index.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  server = await startFocusServer()
})
afterEach(() => expect(unhandled).toEqual([]))
afterAll(async () => {
  process.off('unhandledRejection', note)
  await server.stop()
})

let people = 0

/** A client of a person of its own, connected. */
async function connected(options: FocusClientOptions = {}) {
  people += 1
  const tokens = await server.signIn(`person${people}`)
  const client = createFocusClient({ url: server.url, storage: null, ...options })
  onTestFinished(() => client.close())
  client.adoptSession(tokens)
  client.notifications.connect()
  await client.notifications.whenOpen()
  const received: FocusNotification[] = []
  client.notifications.on('notification', (notification) => received.push(notification))
  const userId = tokens.user.id
  const notify = (title: string, event?: string) =>
    server.focus.notifications.notifyUser({ userId, title, message: 'M', ...(event === undefined ? {} : { event }) })
  return { client, received, userId, notify, tokens, titles: () => received.map(({ title }) => title) }
}

describe('arriving', () => {
  test('a notification arrives with everything it carries', async () => {
    const { client, userId } = await connected()
    const arrival = nextEvent(client.notifications, 'notification')
    await server.focus.notifications.notifyLimitWarning({ userId, appName: 'Instagram', percentage: 80 })
    expect(await arrival).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      type: 'warning',
      title: 'Limite bientot atteinte',
      message: 'Vous avez utilise 80% de votre limite pour Instagram',
      event: 'limits',
      data: { app_name: 'Instagram', percentage: 80 },
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      count: 1,
      groupKey: null,
      expiresAt: null,
      readAt: null,
      stream: 'user',
      offset: 1,
      replayed: false,
    })
    expect(client.notifications.unreadCount).toBe(1)
  })

  test('a broadcast arrives as one', async () => {
    const { client } = await connected()
    const arrival = nextEvent(client.notifications, 'notification')
    await server.focus.notifications.broadcast({ title: 'Tous', message: 'M' })
    expect(await arrival).toMatchObject({ title: 'Tous', stream: 'all' })
  })

  test('no token is in the address of the socket', async () => {
    const { client } = await connected()
    expect(client.notifications.socket?.url).not.toContain('token')
  })

  test('for await sees what came while it was busy, and ends with disconnect()', async () => {
    const { client, notify } = await connected()
    const stream = client.notifications.stream()
    for (const title of ['a', 'b', 'c']) await notify(title)
    const seen: string[] = []
    for await (const { title } of stream) {
      seen.push(title)
      if (seen.length === 3) client.notifications.disconnect()
    }
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('a signal ends listening, streams, waiting and the connection', async () => {
    const { client, notify, received } = await connected()
    const controller = new AbortController()
    const { signal } = controller
    let heard = 0
    client.notifications.on('notification', () => (heard += 1), { signal })
    const stream = client.notifications.stream({ signal })
    await notify('before')
    await untilTrue(() => received.length === 1)
    controller.abort()
    await notify('after')
    await untilTrue(() => received.length === 2)
    expect(heard).toBe(1)
    expect(await stream.next()).toEqual({ value: undefined, done: true })
    await expect(
      client.notifications.whenOpen({ signal: AbortSignal.abort(new Error('mine')) }),
    ).resolves.toBeUndefined()
    client.notifications.disconnect()
    await expect(client.notifications.whenOpen({ signal: AbortSignal.abort(new Error('mine')) })).rejects.toThrow(
      'mine',
    )
    client.notifications.connect({ signal: AbortSignal.abort() })
    expect(client.notifications.state.status).toBe('idle')
  })

  test('a listener that throws disturbs nobody', async () => {
    const errors: unknown[] = []
    const { client, notify } = await connected({ onError: (error) => errors.push(error) })
    client.notifications.on('notification', () => {
      throw new Error('mine')
    })
    const arrival = nextEvent(client.notifications, 'notification')
    await notify('x')
    await arrival
    expect(errors).toEqual([new Error('mine')])
    expect(client.notifications.isConnected).toBe(true)
  })
})

describe('topics', () => {
  test('only the topics subscribed to arrive, and what has none', async () => {
    const { client, notify, titles } = await connected({ events: ['limits'] })
    await notify('hidden', 'activities')
    await notify('limit', 'limits')
    await notify('plain')
    await untilTrue(() => titles().length === 2)
    expect(titles()).toEqual(['limit', 'plain'])
    const answer = nextEvent(client.notifications, 'message', ({ type }) => type === 'subscribed')
    client.notifications.subscribe(['activities'])
    expect(await answer).toMatchObject({ events: ['activities', 'limits'] })
    await notify('shown', 'activities')
    await untilTrue(() => titles().length === 3)
    expect(client.notifications.events).toEqual(['limits', 'activities'])
  })

  test('topics that were left stay away, also after a reconnect', async () => {
    const { client, notify, titles } = await connected()
    client.notifications.unsubscribe(['limits'])
    await notify('hidden', 'limits')
    server.cut()
    await nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
    await notify('hidden too', 'limits')
    await client.notifications.whenOpen()
    await notify('shown', 'activities')
    await untilTrue(() => titles().length === 1)
    expect(titles()).toEqual(['shown'])
  })
})

describe('coming back', () => {
  test('what was sent meanwhile arrives once and in order', async () => {
    const { client, notify, titles, received } = await connected()
    await notify('0')
    await untilTrue(() => received.length === 1)
    server.cut()
    await nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
    for (let n = 1; n <= 5; n += 1) await notify(String(n))
    await client.notifications.whenOpen()
    await notify('6')
    await untilTrue(() => received.length === 7)
    expect(titles()).toEqual(['0', '1', '2', '3', '4', '5', '6'])
  })

  test('kicked again and again while notifications pour in, nothing is missed and nothing comes twice', async () => {
    const { client, notify, titles } = await connected()
    const total = 600
    let kicks = 0
    const stopKicking = client.notifications.on('state', ({ status }) => {
      if (status !== 'open') return
      setTimeout(() => {
        kicks += 1
        if (kicks % 2 === 0) server.cut()
        else void closeByOperator()
      }, 30)
    })
    const closeByOperator = async () => {
      for (const { id } of await server.focus.realtime.connections()) await server.focus.realtime.close(id)
    }
    server.cut()
    for (let n = 0; n < total; n += 1) {
      await notify(String(n))
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10))
      // A visible page tries at once; without it most of this test would be spent waiting.
      if (client.notifications.state.status === 'reconnecting') client.notifications.retry()
    }
    stopKicking()
    client.notifications.retry()
    await untilTrue(() => titles().length >= total)
    expect(titles()).toEqual(Array.from({ length: total }, (_, n) => String(n)))
    expect(kicks).toBeGreaterThan(3)
  })

  test('a listener that tries again at once leaves every other listener with the states in their order', async () => {
    const { client } = await connected()
    const states: string[] = []
    client.notifications.on('state', ({ status }) => {
      if (status === 'reconnecting') client.notifications.retry()
    })
    client.notifications.on('state', ({ status }) => states.push(status))
    server.cut()
    await nextEvent(client.notifications, 'state', ({ status }) => status === 'open')
    // A try at once may take a pooled HTTP connection that the cut ended too, and be followed by another.
    expect(states.join(' ')).toMatch(/^(reconnecting connecting )+open$/)
  })

  test('a restart of the server is survived, and nothing is lost', async () => {
    const { client, notify, titles } = await connected()
    await notify('before')
    await untilTrue(() => titles().length === 1)
    const left = nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
    await server.restart()
    await left
    await notify('after')
    await untilTrue(() => titles().length === 2)
    expect(titles()).toEqual(['before', 'after'])
  })

  test('a position that was kept goes on in another client', async () => {
    const { client, notify, received, tokens } = await connected()
    await notify('seen')
    await untilTrue(() => received.length === 1)
    const position = client.notifications.position
    client.close()
    await notify('missed')
    const later = createFocusClient({ url: server.url, storage: null, ...(position ? { position } : {}) })
    onTestFinished(() => later.close())
    later.adoptSession(tokens)
    const arrival = nextEvent(later.notifications, 'notification')
    later.notifications.connect()
    expect(await arrival).toMatchObject({ title: 'missed', replayed: true })
  })

  test('a position above the head is lost: the client says so, begins anew and receives', async () => {
    const { client, notify, tokens } = await connected()
    await notify('one')
    await untilTrue(() => client.notifications.position?.offset === 1)
    const kept = client.notifications.position
    client.close()
    if (!kept) throw new Error('no position')
    const later = createFocusClient({ url: server.url, storage: null, position: { ...kept, offset: 99, lastId: null } })
    onTestFinished(() => later.close())
    later.adoptSession(tokens)
    const gap = nextEvent(later.notifications, 'gap')
    later.notifications.connect()
    expect(await gap).toEqual({ reason: 'position_lost' })
    await later.notifications.whenOpen()
    const arrival = nextEvent(later.notifications, 'notification')
    await notify('two')
    expect(await arrival).toMatchObject({ title: 'two', offset: 2 })
  })
})

describe('notifications that are merged', () => {
  /** Adds a comment to the group, whose notification counts them. */
  const comment = (userId: number | string, message: string) =>
    server.focus.notifications.notifyUser({
      userId,
      title: 'Comment',
      message,
      group: { key: 'post-1', title: '{count} comments' },
    })

  test('are one entry that counts them, unread once', async () => {
    const { client, userId, received } = await connected()
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
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

  test('are unread again when one joins after reading', async () => {
    const { client, userId, received } = await connected()
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
    await comment(userId, 'a')
    await untilTrue(() => list.snapshot.items.length === 1)
    await client.notifications.markRead(received[0]?.id ?? '')
    expect(client.notifications.unreadCount).toBe(0)
    await comment(userId, 'b')
    await untilTrue(() => received.length === 2)
    expect(list.snapshot.items).toMatchObject([{ count: 2, readAt: null }])
    expect(client.notifications.unreadCount).toBe(1)
  })

  test('arrive once after a while away, with all that joined', async () => {
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

  test('are counted right without a list too', async () => {
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

describe('too much to send one by one', () => {
  test('is a gap: the client says so, the list loads anew, and what follows arrives', async () => {
    const { client, userId, received, notify } = await connected()
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
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
  test('pages go back to the beginning', async () => {
    const { client, notify } = await connected()
    for (let n = 0; n < 5; n += 1) await notify(String(n))
    const first = await client.notifications.inbox({ limit: 2 })
    expect(first.notifications.map(({ title }) => title)).toEqual(['4', '3'])
    expect(first.unreadCount).toBe(5)
    const second = await client.notifications.inbox({ limit: 3, before: first.nextBefore ?? '' })
    expect(second.notifications.map(({ title }) => title)).toEqual(['2', '1', '0'])
    const rest =
      second.nextBefore === null ? [] : (await client.notifications.inbox({ before: second.nextBefore })).notifications
    expect(rest).toEqual([])
  })

  test('the list holds what was there and what arrives, newest first', async () => {
    const { client, notify } = await connected()
    await notify('old')
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
    await untilTrue(() => list.snapshot.items.length === 1 && !list.snapshot.isLoading)
    await notify('new')
    await untilTrue(() => list.snapshot.items.length === 2)
    expect(list.snapshot.items.map(({ title }) => title)).toEqual(['new', 'old'])
  })

  test('loadMore brings older pages until there are none', async () => {
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
    expect(list.snapshot.items.map(({ title }) => title)).toEqual(Array.from({ length: 60 }, (_, n) => String(59 - n)))
    expect(list.snapshot.hasMore).toBe(false)
    await list.reload()
    expect(list.snapshot.items).toHaveLength(shown)
  })

  test('what is read in one tab is read in the other', async () => {
    const { client, notify, tokens } = await connected()
    const other = createFocusClient({ url: server.url, storage: null })
    onTestFinished(() => other.close())
    other.adoptSession(tokens)
    other.notifications.connect()
    await other.notifications.whenOpen()
    onTestFinished(other.notifications.list.subscribe(() => undefined))
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

  test('what is deleted in one tab leaves the other', async () => {
    const { client, notify } = await connected()
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
    await notify('a')
    await untilTrue(() => list.snapshot.items.length === 1)
    await client.notifications.remove(list.snapshot.items[0]?.id ?? '')
    expect(list.snapshot.items).toEqual([])
    expect((await client.notifications.inbox()).notifications).toEqual([])
    expect(client.notifications.unreadCount).toBe(0)
  })

  test('what the server refuses is shown as the server has it', async () => {
    const { client, notify } = await connected()
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
    await notify('a')
    await untilTrue(() => list.snapshot.items.length === 1)
    const id = list.snapshot.items[0]?.id ?? ''
    await server.focus.notifications.delete(Number((client.user ?? { id: 0 }).id), id)
    await expect(client.notifications.remove(id)).rejects.toMatchObject({ code: 'unknown_notification', status: 404 })
  })

  test('nobody signed in has no inbox', async () => {
    const client = createFocusClient({ url: server.url, storage: null })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'not_signed_in' })
    await client.notifications.list.reload()
    expect(client.notifications.list.snapshot).toMatchObject({ items: [], error: null, isLoading: false })
  })
})
