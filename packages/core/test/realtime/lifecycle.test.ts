import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { debugSource } from '../../src/common/logging/debug.ts'
import { type Logger, silentLogger } from '../../src/common/logging/logger.ts'
import { HubServer } from './support/hub-server.ts'
import { RawClient } from './support/raw-client.ts'
import { refusalOf } from './support/refusal.ts'

let server: HubServer
beforeEach(async () => {
  server = await HubServer.start()
})
afterEach(() => server.stop())

describe('drain', () => {
  test('clients get reconnect and 1012, spread evenly over the window; upgrades get 503', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, (_, index) => server.connect(`${index}`)))
    const started = performance.now()
    const ends = clients.map(async (client) => {
      const { after_ms } = await client.next('reconnect')
      const { code } = await client.closed
      return { code, announced: after_ms, closedAfter: performance.now() - started }
    })
    const drained = server.hub.drain({ windowMs: 1_000 })
    const refusal = await refusalOf(server.dial('?token=1'))
    expect(refusal).toMatchObject({ status: 503, problem: { code: 'draining' } })
    expect(refusal.headers['retry-after']).toBe('1')
    const results = await Promise.all(ends)
    await drained
    expect(results.every(({ code }) => code === 1012)).toBe(true)
    const announced = results.map((result) => result.announced).sort((a, b) => a - b)
    expect(announced).toEqual(Array.from({ length: 20 }, (_, index) => index * 50))
    for (const result of results) expect(result.closedAfter).toBeGreaterThan(result.announced - 50)
    expect(await server.hub.connections()).toEqual([])
  })

  test('a single client does not wait for the window', async () => {
    const client = await server.connect('1')
    const started = performance.now()
    await Promise.all([server.hub.drain({ windowMs: 10_000 }), client.closed])
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  test('the window is five seconds by default', async () => {
    const clients = [await server.connect('1'), await server.connect('2')]
    const announced = Promise.all(clients.map(async (client) => (await client.next('reconnect')).after_ms))
    const drained = server.hub.drain()
    expect(new Set(await announced)).toEqual(new Set([0, 2_500]))
    await Promise.all([server.hub.shutdown(), drained])
  })

  test('a client that does not close is cut', async () => {
    const rude = await RawClient.open(server.port, '?token=1')
    await server.hub.drain({ windowMs: 0 })
    await rude.closed
    expect(rude.closeCode()).toBe(1012)
  })

  test('shutdown speeds up a drain in progress', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, (_, index) => server.connect(`${index}`)))
    const started = performance.now()
    const drained = server.hub.drain({ windowMs: 60_000 })
    await server.hub.shutdown()
    await drained
    for (const client of clients) expect((await client.closed).code).toBe(1012)
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  test('an unauthenticated connection is closed too', async () => {
    const client = await server.dial().opened()
    await server.hub.drain({ windowMs: 0 })
    expect((await client.closed).code).toBe(1012)
  })
})

test('an operator closes one connection, and the others stay open', async () => {
  const clients = [await server.connect('1'), await server.connect('1')]
  const [first] = await server.hub.connections()
  expect(await server.hub.close(first?.id ?? '')).toBe(true)
  expect(await server.hub.close(first?.id ?? '')).toBe(false)
  expect(await server.hub.close('nonsense')).toBe(false)
  const closing = await Promise.race(clients.map(({ closed }) => closed))
  expect(closing.code).toBe(4014)
  expect(await server.hub.connections()).toHaveLength(1)
})

test('other upgrade handlers on the same server keep working', async () => {
  const other = new WebSocketServer({ noServer: true })
  const http = createServer()
  http.on('upgrade', (request, socket, head) => {
    if (server.hub.upgrade(request, socket, head)) return
    other.handleUpgrade(request, socket, head, (socket) => socket.send('vite'))
  })
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const address = http.address()
  const port = typeof address === 'object' ? address?.port : 0
  const foreign = new WebSocket(`ws://127.0.0.1:${port}/hmr`)
  const ours = new WebSocket(`ws://127.0.0.1:${port}/api/ws/notifications?token=1`)
  const [fromForeign, fromOurs] = await Promise.all([once(foreign, 'message'), once(ours, 'message')])
  expect(String(fromForeign[0])).toBe('vite')
  expect(JSON.parse(String(fromOurs[0]))).toMatchObject({ type: 'connection', user_id: 1 })
  foreign.terminate()
  ours.terminate()
  http.close()
})

test('two hubs in one process are independent', async () => {
  const second = await HubServer.start()
  const here = await server.connect('1')
  const there = await second.connect('1')
  server.feed.notify('1')
  await here.next('notification')
  expect(await there.settled()).toEqual([])
  expect(await server.hub.stats()).toMatchObject({ activeConnections: 1 })
  await Promise.all([here.close(), there.close(), second.stop()])
})

test('a node without wake-ups reads events of another node from the log', async () => {
  const second = await HubServer.start({ feed: server.feed, limits: { healIntervalMs: 100 } })
  const client = await second.connect('1')
  server.feed.notify('1')
  server.feed.notify('1')
  expect((await client.next('notification')).offset).toBe(1)
  expect((await client.next('notification')).offset).toBe(2)
  await Promise.all([client.close(), second.stop()])
})

test('traces name the connection, and why it was closed', async () => {
  const traces: [message: string, fields: Record<string, unknown> | undefined][] = []
  const logger: Logger = { ...silentLogger, debug: (message, fields) => traces.push([message, fields]) }
  await server.stop()
  server = await HubServer.start({ runtime: { logger, debug: debugSource('hub,broker', logger) } })
  const client = await server.connect('7')
  server.feed.notify('7', { title: 'a secret title' })
  await client.next('notification')
  const [info] = await server.hub.connections()
  await server.hub.close(info?.id ?? '')
  await client.closed
  expect(traces.map(([message]) => message)).toEqual([
    'connection opened',
    'user subscribed',
    'connection admitted',
    'events received',
    'connection closed',
  ])
  expect(traces.at(-1)?.[1]).toEqual({
    namespace: 'hub',
    connection: info?.id,
    userKey: '7',
    code: 4014,
    reason: 'closed by operator',
  })
  expect(JSON.stringify(traces)).not.toContain('a secret title')
})

test('metrics count connections, deliveries and closes', async () => {
  const client = await server.connect('1')
  server.feed.notify('1')
  await client.next('notification')
  client.send('?')
  await client.next('error')
  const { contentType, body } = await server.hub.metrics()
  expect(contentType).toMatch(/^text\/plain/)
  expect(body).toContain('focus_realtime_connections 1')
  expect(body).toContain('focus_realtime_deliveries_total 1')
  expect(body).toContain('focus_realtime_errors_total 1')
  expect(body).toContain('focus_realtime_delivery_latency_seconds_count 1')
  await client.close()
  await expect
    .poll(async () => (await server.hub.metrics()).body)
    .toContain('focus_realtime_closes_total{code="1005"} 1')
})
