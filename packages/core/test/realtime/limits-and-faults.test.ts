import { afterEach, describe, expect, test } from 'vitest'
import type { RealtimeLimits } from '../../src/realtime/realtime-limits.ts'
import { HubServer } from './support/hub-server.ts'
import { RawClient } from './support/raw-client.ts'
import { refusalOf } from './support/refusal.ts'

let server: HubServer
afterEach(() => server.stop())

async function start(limits: Partial<RealtimeLimits>): Promise<HubServer> {
  server = await HubServer.start({ limits })
  return server
}

const text = 1
const bulk = { message: 'x'.repeat(15_000) }

describe('slow consumers', () => {
  test('a paused reader catches up from the log, complete and in order; other connections are not affected', async () => {
    await start({ lagBytes: 65_536 })
    const slow = await server.connect('1')
    const fast = await server.connect('1')
    slow.socket.pause()
    // Kernel buffers take megabytes before the connection lags.
    const total = 600
    for (let index = 0; index < total; index += 1) {
      server.feed.notify('1', bulk)
      if (index % 50 === 0) await fast.until('notification', ({ offset }) => offset === index + 1)
    }
    await fast.until('notification', ({ offset }) => offset === total)
    const [lagging] = (await server.hub.connections()).filter(({ lag }) => lag > 0)
    expect(lagging?.lag).toBeGreaterThan(0)
    expect(server.hub.counters.lags).toBeGreaterThan(0)
    slow.socket.resume()
    await slow.until('notification', ({ offset }) => offset === total)
    expect(slow.of('notification').map(({ offset }) => offset)).toEqual(
      Array.from({ length: total }, (_, index) => index + 1),
    )
    expect(slow.of('notification').some(({ replayed }) => replayed)).toBe(false)
    await Promise.all([slow.close(), fast.close()])
  })

  test('S29 answers are not queued for a client that never reads, and it is closed with 4008', async () => {
    await start({ lagTimeoutMs: 500, closeTimeoutMs: 200, actionsPerMinute: 100_000 })
    const stuck = await RawClient.open(server.port, '?token=1')
    await expect.poll(() => stuck.frames().length).toBe(1)
    stuck.socket.pause()
    const events = Array.from({ length: 80 }, (_, index) => `${index}`.padStart(190, 'x'))
    const subscribe = JSON.stringify({ action: 'subscribe', events })
    const unsent = () => Math.max(0, ...server.sockets.map(({ writableLength }) => writableLength))
    let mostUnsent = 0
    while (server.hub.counters.closes.get(4008) === undefined) {
      stuck.send(text, subscribe)
      await new Promise((resolve) => setImmediate(resolve))
      mostUnsent = Math.max(mostUnsent, unsent())
    }
    expect(mostUnsent).toBeLessThan(1_000_000)
    stuck.destroy()
  })

  test('actions of a paused client are answered once it reads', async () => {
    await start({ actionsPerMinute: 100_000 })
    const slow = await server.connect('1')
    slow.socket.pause()
    const events = Array.from({ length: 80 }, (_, index) => `${index}`.padStart(190, 'x'))
    let asked = 0
    while (server.hub.counters.lags === 0) {
      slow.send({ action: 'subscribe', events })
      asked += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    slow.socket.resume()
    slow.send({ action: 'ping', ref: 'last' })
    await slow.until('pong', ({ ref }) => ref === 'last')
    expect(slow.of('subscribed')).toHaveLength(asked)
    await slow.close()
  })

  test('events are not queued for a client that never reads, and it is closed with 4008', async () => {
    await start({ lagTimeoutMs: 2_000, closeTimeoutMs: 200 })
    const stuck = await RawClient.open(server.port, '?token=1')
    await expect.poll(() => stuck.frames().length).toBe(1)
    stuck.socket.pause()
    const fast = await server.connect('1')
    while (server.hub.counters.lags === 0) {
      const { offset } = server.feed.notify('1', bulk)
      await fast.until('notification', (message) => message.offset === offset)
    }
    let mostUnsent = 0
    for (let index = 0; index < 100; index += 1) {
      const { offset } = server.feed.notify('1', bulk)
      await fast.until('notification', (message) => message.offset === offset)
      mostUnsent = Math.max(mostUnsent, ...server.sockets.map(({ writableLength }) => writableLength))
    }
    expect(mostUnsent).toBeGreaterThan(65_536)
    expect(mostUnsent).toBeLessThan(65_536 + 2 * 15_500)
    await expect.poll(() => server.hub.counters.closes.get(4008)).toBe(1)
    await expect.poll(() => server.hub.connections().then(({ length }) => length)).toBe(1)
    stuck.socket.resume()
    await stuck.closed
    await fast.close()
  })

  test('a burst above the limit within one turn is not a lag while the client reads', async () => {
    await start({ lagBytes: 1_000 })
    const client = await server.connect('1')
    server.feed.notifyMany(
      '1',
      Array.from({ length: 100 }, () => ({ message: 'y'.repeat(100) })),
    )
    await client.until('notification', ({ offset }) => offset === 100)
    expect(server.hub.counters.replays).toBe(0)
    await client.close()
  })
})

describe('lost peers', () => {
  test('a half-open peer is closed with 4012 after a missing pong', async () => {
    await start({ pingIntervalMs: 100, pongTimeoutMs: 200 })
    const silent = await RawClient.open(server.port, '?token=1')
    await silent.closed
    expect(silent.frames().some(({ opcode }) => opcode === 9)).toBe(true)
    expect(silent.closeCode()).toBe(4012)
  })

  test('a client that only answers pings stays connected', async () => {
    await start({ pingIntervalMs: 100, pongTimeoutMs: 3_000 })
    const client = await server.connect('1')
    let pings = 0
    await new Promise<void>((resolve) => {
      client.socket.on('ping', () => {
        pings += 1
        if (pings === 10) resolve()
      })
    })
    expect(await client.settled()).toEqual([])
    await client.close()
  })

  test('a connection that is cut without a close frame is removed', async () => {
    await start({ lingerMs: 20, pingIntervalMs: 100 })
    const client = await server.connect('1')
    client.socket.terminate()
    await expect.poll(() => server.hub.stats()).toMatchObject({ activeUsers: 0, activeConnections: 0 })
  })
})

describe('malformed messages get an error, and the socket stays open', () => {
  test.each([
    ['not JSON', 'hello', 'invalid_json'],
    ['an empty message', '', 'invalid_json'],
    ['JSON that is not an object', '42', 'invalid_message'],
    ['null', 'null', 'invalid_message'],
    ['an array', '[]', 'invalid_message'],
    ['no action', '{}', 'invalid_message'],
    ['an action that is not a string', '{"action":7}', 'invalid_message'],
    ['an unknown action', '{"action":"dance"}', 'unknown_action'],
    ['a name from Object.prototype', '{"action":"constructor"}', 'unknown_action'],
    ['__proto__', '{"action":"__proto__"}', 'unknown_action'],
    ['topics that are not a list', '{"action":"subscribe","events":"limits"}', 'invalid_message'],
    ['topics that are not strings', '{"action":"subscribe","events":[1]}', 'invalid_message'],
    ['an empty topic', '{"action":"subscribe","events":[""]}', 'invalid_message'],
    ['a negative offset', '{"action":"sync","since":-1}', 'invalid_message'],
    ['a fraction as offset', '{"action":"ack","offset":1.5}', 'invalid_message'],
    ['an offset above the safe integers', '{"action":"ack","offset":1e300}', 'invalid_message'],
    ['a limit above the maximum', '{"action":"sync","since":0,"limit":100000}', 'invalid_message'],
    ['read without a choice', '{"action":"read"}', 'invalid_message'],
    ['read with both choices', '{"action":"read","ids":["a"],"up_to_offset":1}', 'invalid_message'],
    ['a ref that is an object', '{"action":"ping","ref":{}}', 'invalid_message'],
    ['deep nesting', `${'['.repeat(8_000)}${']'.repeat(8_000)}`, 'invalid_message'],
  ])('%s', async (_name, message, code) => {
    await start({})
    const client = await server.connect('1')
    client.send(message)
    expect((await client.next('error')).code).toBe(code)
    server.feed.notify('1')
    await client.next('notification')
    await client.close()
  })

  test('a binary message', async () => {
    await start({})
    const client = await server.connect('1')
    client.send(Buffer.from('{"action":"ping"}'))
    expect((await client.next('error')).code).toBe('invalid_json')
    expect(await client.settled()).toEqual([])
    await client.close()
  })

  test('the error for an invalid field names it and echoes ref', async () => {
    await start({})
    const client = await server.connect('1')
    client.send({ action: 'sync', since: 'then', ref: 'q' })
    expect(await client.next('error')).toMatchObject({ ref: 'q', detail: expect.stringContaining('since') })
    await client.close()
  })

  test('one malformed message in a row above the limit closes with 4501', async () => {
    await start({ malformedMessages: 3 })
    const client = await server.connect('1')
    for (const message of ['?', '?', '?', '{"action":"ping"}', '?', '?', '?']) client.send(message)
    expect(await client.settled()).toHaveLength(7)
    for (let index = 0; index < 4; index += 1) client.send('?')
    expect((await client.closed).code).toBe(4501)
  })
})

describe('frames that break RFC 6455 close with its codes', () => {
  test('an unmasked frame closes with 1002', async () => {
    await start({})
    const client = await RawClient.open(server.port, '?token=1')
    client.send(text, '{"action":"ping"}', { masked: false })
    await client.closed
    expect(client.closeCode()).toBe(1002)
  })

  test('R20: a length in more bytes than necessary closes with 1002, and the frame is not handled', async () => {
    await start({})
    const client = await RawClient.open(server.port, '?token=1')
    const action = JSON.stringify({ action: 'ping', ref: 'counted' })
    client.send(text, action, { lengthBytes: 8 })
    await client.closed
    expect(client.closeCode()).toBe(1002)
    expect(client.bytes.includes('counted')).toBe(false)
  })

  test('reserved bits without an extension close with 1002', async () => {
    await start({})
    const client = await RawClient.open(server.port, '?token=1')
    client.send(text, '{}', { rsv: 4 })
    await client.closed
    expect(client.closeCode()).toBe(1002)
  })

  test('text that is not UTF-8 closes with 1007', async () => {
    await start({})
    const client = await RawClient.open(server.port, '?token=1')
    client.send(text, Buffer.from([0xff, 0xfe, 0xfd]))
    await client.closed
    expect(client.closeCode()).toBe(1007)
  })

  test('a message above maxMessageBytes closes with 1009, also in fragments', async () => {
    await start({ maxMessageBytes: 1_000 })
    const whole = await RawClient.open(server.port, '?token=1')
    whole.send(text, 'x'.repeat(1_001))
    await whole.closed
    expect(whole.closeCode()).toBe(1009)
    const pieces = await RawClient.open(server.port, '?token=1')
    pieces.send(text, 'x'.repeat(600), { final: false })
    pieces.send(0, 'x'.repeat(600))
    await pieces.closed
    expect(pieces.closeCode()).toBe(1009)
  })

  test('a fragmented message is handled', async () => {
    await start({})
    const client = await RawClient.open(server.port, '?token=1')
    client.send(text, '{"action":', { final: false })
    client.send(0, '"ping","ref":5}')
    await expect.poll(() => client.frames().some(({ payload }) => payload.includes('"ref":5'))).toBe(true)
    client.destroy()
  })
})

describe('limits', () => {
  test('S29 actions above the limit per minute get errors with retry_after, then 4013', async () => {
    await start({ actionsPerMinute: 5 })
    const client = await server.connect('1')
    for (let index = 0; index < 6; index += 1) client.send({ action: 'ping', ref: index })
    for (let index = 0; index < 5; index += 1) await client.next('pong')
    const refusal = await client.next('error')
    expect(refusal).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number), ref: 5 })
    expect(refusal.retry_after).toBeGreaterThan(0)
    expect(refusal.retry_after).toBeLessThanOrEqual(12)
    for (let index = 0; index < 40; index += 1) client.send({ action: 'ping' })
    expect((await client.closed).code).toBe(4013)
  })

  test('pings of the WebSocket count as actions', async () => {
    await start({ actionsPerMinute: 5 })
    const client = await server.connect('1')
    for (let index = 0; index < 100; index += 1) client.socket.ping()
    expect((await client.closed).code).toBe(4013)
  })

  test('S29 a connection above the limit per user is closed with 4504, and the others stay open', async () => {
    await start({ connectionsPerUser: 2 })
    const kept = [await server.connect('1'), await server.connect('1')]
    expect((await server.dial('?token=1').closed).code).toBe(4504)
    await (await server.connect('2')).close()
    for (const client of kept) expect(await client.settled()).toEqual([])
    await kept[0]?.close()
    await (await server.connect('1')).close()
    await kept[1]?.close()
  })

  test('S29 connections above the limit per node are refused with HTTP 503 and Retry-After', async () => {
    await start({ connectionsPerNode: 1 })
    const client = await server.connect('1')
    const refusal = await refusalOf(server.dial('?token=2'))
    expect(refusal).toMatchObject({ status: 503, problem: { code: 'at_capacity' } })
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0)
    await client.close()
    await expect.poll(() => server.hub.stats().then(({ activeConnections }) => activeConnections)).toBe(0)
    await (await server.connect('2')).close()
  })

  test('S27 upgrades above the limit per address are refused with HTTP 429 and Retry-After', async () => {
    await start({ upgradesPerMinute: 2 })
    const clients = [await server.connect('1'), await server.connect('1')]
    const refusal = await refusalOf(server.dial('?token=1'))
    expect(refusal).toMatchObject({ status: 429, problem: { code: 'rate_limited' } })
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0)
    for (const client of clients) await client.close()
  })

  test('S27 all addresses of an IPv6 /64 share one limit', async () => {
    server = await HubServer.start({ limits: { upgradesPerMinute: 2 }, trustedProxies: ['loopback'] })
    const from = (address: string) => server.dial('?token=1', [], { 'x-forwarded-for': address })
    const clients = [from('2001:db8::1'), from('2001:db8::2')]
    for (const client of clients) await client.next('connection')
    expect(await refusalOf(from('2001:db8:0:0:ffff::3'))).toMatchObject({ status: 429 })
    clients.push(from('2001:db8:0:1::1'))
    await clients[2]?.next('connection')
    for (const client of clients) await client.close()
  })

  test('loopback is not limited by default, because it may be a proxy on this machine', async () => {
    await start({})
    const clients = await Promise.all(Array.from({ length: 620 }, (_, index) => server.connect(`${index % 10}`)))
    expect(await server.hub.stats()).toMatchObject({ activeUsers: 10, activeConnections: 620 })
    await Promise.all(clients.map((client) => client.close()))
  })
})

test('1,000 connects and disconnects leave no connection and no timer', async () => {
  await start({ lingerMs: 10, pingIntervalMs: 100 })
  for (let round = 0; round < 20; round += 1) {
    const clients = await Promise.all(Array.from({ length: 50 }, (_, index) => server.connect(`${index}`)))
    for (const [index, client] of clients.entries()) {
      if (index % 2 === 0) client.socket.terminate()
      else client.socket.close()
    }
    await Promise.all(clients.map(({ closed }) => closed))
  }
  await expect.poll(() => server.hub.connections()).toEqual([])
  await server.hub.shutdown()
  expect(server.hub.counters.connectionsOpened).toBe(1_000)
  expect([...server.hub.counters.closes.values()].reduce((sum, times) => sum + times, 0)).toBe(1_000)
})
