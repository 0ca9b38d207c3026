import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FocusClientOptions } from '../../src/index.ts'
import { connectNewUser, expectNoUnhandledRejections } from '../support/connected-client.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { createTestClient } from '../support/test-client.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer

expectNoUnhandledRejections()
beforeAll(async () => {
  server = await startFocusServer()
})
afterAll(() => server.stop())

const connected = (options?: FocusClientOptions) => connectNewUser(server, options)

describe('notifications', () => {
  test('a notification arrives with all its fields', async () => {
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

  test('a broadcast is marked as one', async () => {
    const { client } = await connected()
    const arrival = nextEvent(client.notifications, 'notification')
    await server.focus.notifications.broadcast({ title: 'Tous', message: 'M' })
    expect(await arrival).toMatchObject({ title: 'Tous', stream: 'all' })
  })

  test('the address of the socket contains no token', async () => {
    const { client } = await connected()
    expect(client.notifications.socket?.url).not.toContain('token')
  })

  test('for await receives notifications that arrived while it was busy, and ends with disconnect()', async () => {
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

  test('a signal ends listeners, streams, waiting and the connection', async () => {
    const { client, notify, received } = await connected()
    const controller = new AbortController()
    const { signal } = controller
    let calls = 0
    client.notifications.on('notification', () => (calls += 1), { signal })
    const stream = client.notifications.stream({ signal })
    await notify('before')
    await untilTrue(() => received.length === 1)
    controller.abort()
    await notify('after')
    await untilTrue(() => received.length === 2)
    expect(calls).toBe(1)
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

  test('a listener that throws does not affect the connection', async () => {
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
  test('only subscribed topics and notifications without a topic arrive', async () => {
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

  test('unsubscribed topics do not arrive, also after a reconnect', async () => {
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

describe('reconnecting', () => {
  test('missed notifications arrive once and in order', async () => {
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

  test('under repeated disconnects and steady notifications, each notification arrives exactly once', async () => {
    const { client, notify, titles } = await connected()
    const total = 600
    let disconnects = 0
    const stopDisconnecting = client.notifications.on('state', ({ status }) => {
      if (status !== 'open') return
      setTimeout(() => {
        disconnects += 1
        if (disconnects % 2 === 0) server.cut()
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
      // Like a page that becomes visible. Otherwise the test would mostly wait for retries.
      if (client.notifications.state.status === 'reconnecting') client.notifications.retry()
    }
    stopDisconnecting()
    client.notifications.retry()
    await untilTrue(() => titles().length >= total)
    expect(titles()).toEqual(Array.from({ length: total }, (_, n) => String(n)))
    expect(disconnects).toBeGreaterThan(3)
  })

  test('a listener that retries immediately does not change the order of states for other listeners', async () => {
    const { client } = await connected()
    const states: string[] = []
    client.notifications.on('state', ({ status }) => {
      if (status === 'reconnecting') client.notifications.retry()
    })
    client.notifications.on('state', ({ status }) => states.push(status))
    server.cut()
    await nextEvent(client.notifications, 'state', ({ status }) => status === 'open')
    // The first retry may use a pooled HTTP connection that was cut too, and fail.
    expect(states.join(' ')).toMatch(/^(reconnecting connecting )+open$/)
  })

  test('no notification is lost over a restart of the server', async () => {
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

  test('another client resumes from a stored position', async () => {
    const { client, notify, received, tokens } = await connected()
    await notify('seen')
    await untilTrue(() => received.length === 1)
    const position = client.notifications.position
    client.close()
    await notify('missed')
    const later = createTestClient({ url: server.url, ...(position ? { position } : {}) })
    later.adoptSession(tokens)
    const arrival = nextEvent(later.notifications, 'notification')
    later.notifications.connect()
    expect(await arrival).toMatchObject({ title: 'missed', replayed: true })
  })

  test('with a position above the head, the client reports a gap, starts at the head and receives notifications', async () => {
    const { client, notify, tokens } = await connected()
    await notify('one')
    await untilTrue(() => client.notifications.position?.offset === 1)
    const stored = client.notifications.position
    client.close()
    if (!stored) throw new Error('The client has no position.')
    const later = createTestClient({ url: server.url, position: { ...stored, offset: 99, lastId: null } })
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
