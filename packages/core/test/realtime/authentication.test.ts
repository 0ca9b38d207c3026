import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HubServer } from './support/hub-server.ts'
import { clientFrame, RawClient } from './support/raw-client.ts'
import { refusalOf } from './support/refusal.ts'

let server: HubServer
beforeAll(async () => {
  server = await HubServer.start({ limits: { authTimeoutMs: 1_500, expiryNoticeMs: 60_000 } })
})
afterAll(() => server.stop())

describe('the first credentials that are present count', () => {
  test('a bearer header takes precedence over ?token=', async () => {
    const client = server.dial('?token=1', [], { authorization: 'Bearer 2' })
    expect((await client.next('connection')).user_id).toBe(2)
    await client.close()
  })

  test('a ticket works once, then closes with 4500', async () => {
    const { ticket } = await server.hub.tickets.issue(await server.verify('3'), 'websocket')
    const client = server.dial(`?ticket=${ticket}`)
    expect((await client.next('connection')).user_id).toBe(3)
    expect((await server.dial(`?ticket=${ticket}`).closed).code).toBe(4500)
    await client.close()
  })

  test('S17 a ticket is not accepted as an access token', async () => {
    const { ticket } = await server.hub.tickets.issue(await server.verify('3'), 'websocket')
    expect((await server.dial(`?token=${ticket}`).closed).code).toBe(4500)
  })

  test('a ticket for the event stream does not open a WebSocket', async () => {
    const { ticket } = await server.hub.tickets.issue(await server.verify('3'), 'stream')
    expect((await server.dial(`?ticket=${ticket}`).closed).code).toBe(4500)
  })

  test('a first message signs in, and its ref is echoed', async () => {
    const client = await server.dial().opened()
    client.send({ action: 'auth', token: '4', ref: 'first' })
    expect(await client.next('connection')).toMatchObject({ user_id: 4, ref: 'first' })
    await client.close()
  })

  test('a connection that signs in by its first message resumes from the position in its URL', async () => {
    const seen = server.feed.notify('40')
    const missed = server.feed.notify('40')
    const client = await server.dial(`?epoch=k3f9&offset=${seen.offset}`).opened()
    client.send({ action: 'auth', token: '40' })
    expect(await client.next('connection')).toMatchObject({ resume: { requested: true, recovered: true } })
    expect(await client.next('notification')).toMatchObject({ id: missed.id, replayed: true })
    await client.close()
  })

  test('messages before the sign-in are refused, and the client may still sign in', async () => {
    const client = await server.dial().opened()
    client.send({ action: 'get_stats', ref: 1 })
    expect(await client.next('error')).toMatchObject({ code: 'unauthenticated', ref: 1 })
    client.send({ action: 'auth', token: '5' })
    await client.next('connection')
    await client.close()
  })
})

describe('refused credentials close with a code that tells why', () => {
  test.each([
    ['a malformed token', '?token=nonsense', {}, 4500],
    ['an empty token', '?token=', {}, 4500],
    ['a token in another scheme', '', { authorization: 'Basic Zm9jdXM6Zm9jdXM=' }, 4500],
    ['a wrong header beside a good token', '?token=6', { authorization: 'Bearer nonsense' }, 4500],
    ['an unknown ticket', '?ticket=nonsense', {}, 4500],
    ['an expired token', '?token=6.session.1000', {}, 4001],
  ])('%s', async (_name, query, headers, code) => {
    expect((await server.dial(query, [], headers).closed).code).toBe(code)
  })

  test('a token of an ended session closes with 4503', async () => {
    server.revoked.add('gone')
    expect((await server.dial('?token=6.gone').closed).code).toBe(4503)
  })

  test('an invalid token in the first message closes with 4500', async () => {
    const client = await server.dial().opened()
    client.send({ action: 'auth', token: 'nonsense' })
    expect((await client.closed).code).toBe(4500)
  })

  test('a client that sends nothing is closed with 4502 after the time-out', async () => {
    const started = performance.now()
    const client = await server.dial().opened()
    expect((await client.closed).code).toBe(4502)
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_490)
  })
})

describe('origins and subprotocols', () => {
  test('S29 a foreign origin is refused with HTTP 403 and a hint', async () => {
    const refusal = await refusalOf(server.dial('?token=1', [], { origin: 'http://evil.test' }))
    expect(refusal).toMatchObject({ status: 403, problem: { code: 'origin_not_allowed' } })
    expect(refusal.problem['hint']).toContain('FOCUS_ALLOWED_ORIGINS')
  })

  test('an allowed origin and an absent one may connect', async () => {
    const client = server.dial('?token=1', [], { origin: 'http://app.test' })
    await client.next('connection')
    await client.close()
    await (await server.connect('1')).close()
  })

  test('focus.v1 is selected when offered', async () => {
    const client = server.dial('?token=1', ['other', 'focus.v1'])
    await client.next('connection')
    expect(client.socket.protocol).toBe('focus.v1')
    await client.close()
  })

  test('a client that offers only foreign subprotocols is closed with 4506', async () => {
    expect((await server.dial('?token=1', ['graphql-transport-ws']).closed).code).toBe(4506)
  })

  test('a slash at the end of the path is ignored, as on the routes', async () => {
    const client = server.dial('/?token=1')
    await client.next('connection')
    await client.close()
  })

  test('R20: a target in absolute-form is answered like its path', async () => {
    const { port } = new URL(server.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `GET http://focus.example/api/ws/notifications?token=1 HTTP/1.1\r\nHost: focus.example\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    const [head] = await once(socket, 'data')
    expect(String(head)).toMatch(/^HTTP\/1\.1 101 /)
    socket.destroy()
  })

  test.each([
    [
      'a key that is none',
      'GET',
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short',
      400,
      'invalid_request',
    ],
    [
      'another version',
      'GET',
      'Upgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      426,
      'upgrade_required',
    ],
    [
      'an older version (R20)',
      'GET',
      'Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      426,
      'upgrade_required',
    ],
    ['no version', 'GET', 'Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 400, 'invalid_request'],
    [
      'a subprotocol that is offered twice',
      'GET',
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: a, a',
      400,
      'invalid_request',
    ],
    ['another protocol', 'GET', 'Upgrade: h2c', 400, 'invalid_request'],
    ['another method', 'POST', 'Upgrade: websocket', 405, 'method_not_allowed'],
  ])('a handshake with %s is a problem', async (_, method, headers, status, code) => {
    const { port } = new URL(server.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `${method} /api/ws/notifications?token=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n${headers}\r\n\r\n`,
    )
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
    expect(head).toContain(`HTTP/1.1 ${status} `)
    expect(head).toContain('Content-Type: application/problem+json')
    expect(head).toContain('Sec-WebSocket-Version: 13')
    // RFC 9110 §15.5.6
    expect(/^Allow: GET$/m.test(head)).toBe(status === 405)
    expect(JSON.parse(body)).toMatchObject({ status, code })
  })

  test.each([
    ['more topics than a connection may name', Array.from({ length: 101 }, (_, n) => `t${n}`).join(','), '101 topics'],
    ['a topic that is too long', 'x'.repeat(192), '191 characters'],
  ])('%s are refused, not cut', async (_, events, detail) => {
    const refusal = await refusalOf(server.dial(`?token=1&events=${events}`))
    expect(refusal).toMatchObject({ status: 400, problem: { code: 'invalid_request' } })
    expect(refusal.problem['detail']).toContain(detail)
  })

  test('an upgrade on another path is not taken', async () => {
    const client = server.dial('/more?token=1')
    expect((await refusalOf(client)).status).toBe(404)
  })
})

describe('tokens on an open socket', () => {
  test('auth_expiring precedes the expiry, and auth with a fresh token keeps the connection open', async () => {
    const client = await server.dial(`?token=7.s7.${Date.now() + 4_000}`).opened()
    await client.next('connection')
    const { expires_at } = await client.next('auth_expiring')
    expect(Date.parse(expires_at)).toBeLessThan(Date.now() + 4_000)
    const fresh = Date.now() + 3_600_000
    client.send({ action: 'auth', token: `7.s7.${fresh}`, ref: 9 })
    expect(await client.next('authenticated')).toEqual({
      type: 'authenticated',
      auth_expires_at: new Date(fresh).toISOString(),
      ref: 9,
    })
    server.feed.notify('7')
    await client.next('notification')
    await client.close()
  })

  test('an expired token closes with 4001', async () => {
    const client = await server.dial(`?token=8.s8.${Date.now() + 1_000}`).opened()
    expect(await client.closed).toEqual({ code: 4001, reason: 'token expired' })
  })

  test('a token of another user is refused, and the connection keeps its own', async () => {
    const client = await server.connect('9')
    client.send({ action: 'auth', token: '10', ref: 'x' })
    expect(await client.next('error')).toMatchObject({ code: 'subject_mismatch', ref: 'x' })
    server.feed.notify('10')
    server.feed.notify('9', { title: 'mine' })
    expect((await client.next('notification')).title).toBe('mine')
    await client.close()
  })

  test('an invalid token is refused, and the connection keeps its current one', async () => {
    const client = await server.connect('9')
    client.send({ action: 'auth', token: 'nonsense' })
    expect((await client.next('error')).code).toBe('invalid_token')
    expect(await client.settled()).toEqual([])
    await client.close()
  })
})

describe('ended sessions', () => {
  test('logout closes only the sockets of that session, with 4503', async () => {
    const phone = await server.connect('11.phone')
    const laptop = await server.connect('11.laptop')
    server.end({ userKey: '11', sessionId: 'phone', reason: 'logout' })
    expect((await phone.closed).code).toBe(4503)
    server.feed.notify('11')
    await laptop.next('notification')
    await laptop.close()
  })

  test('logout everywhere closes all sockets of the user', async () => {
    const clients = [await server.connect('12.a'), await server.connect('12.b'), await server.connect('12')]
    server.end({ userKey: '12', sessionId: null, reason: 'logout_all' })
    for (const client of clients) expect((await client.closed).code).toBe(4503)
  })

  test('a ticket ends with its session', async () => {
    const { ticket } = await server.hub.tickets.issue(await server.verify('14.short'), 'websocket')
    server.end({ userKey: '14', sessionId: 'short', reason: 'logout' })
    expect((await server.dial(`?ticket=${ticket}`).closed).code).toBe(4503)
  })

  test.each(['token', 'ticket'] as const)(
    'a session that ends just after its %s was found good gets no connection',
    async (kind) => {
      const secret = {
        token: async () => '15.race',
        ticket: async () => (await server.hub.tickets.issue(await server.verify('15.race'), 'websocket')).ticket,
      }[kind]
      const shown = `?${kind}=${await secret()}`
      const found = Promise.withResolvers<void>()
      const told = Promise.withResolvers<void>()
      server.verified = () => {
        found.resolve()
        return told.promise
      }
      const client = server.dial(shown)
      await found.promise
      server.hub.sessionEnded({ userKey: '15', sessionId: 'race', reason: 'revoked' })
      told.resolve()
      server.verified = async () => undefined
      expect((await client.closed).code).toBe(4503)
    },
  )

  test('a connection whose session ends during its admission is closed', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    server.feed.gate = () => held
    const client = server.dial('?token=13.slow')
    await expect.poll(() => server.hub.stats().then(({ activeConnections }) => activeConnections)).toBe(1)
    server.end({ userKey: '13', sessionId: 'slow', reason: 'revoked' })
    expect((await client.closed).code).toBe(4503)
    server.feed.gate = async () => undefined
    release()
    expect(client.received).toEqual([])
  })

  test('an open connection is closed when a session ends while its token is verified there', async () => {
    const client = await server.connect('16.old')
    const found = Promise.withResolvers<void>()
    const told = Promise.withResolvers<void>()
    server.verified = () => {
      found.resolve()
      return told.promise
    }
    client.send({ action: 'auth', token: '16.fresh' })
    await found.promise
    server.verified = async () => undefined
    server.end({ userKey: '16', sessionId: 'fresh', reason: 'revoked' })
    told.resolve()
    expect((await client.closed).code).toBe(4503)
    expect(client.received).not.toContainEqual(expect.objectContaining({ type: 'authenticated' }))
  })
})

describe('messages in one packet with the token', () => {
  test('are limited while the token is checked', async () => {
    const held = Promise.withResolvers<void>()
    server.feed.gate = () => held.promise
    const client = await RawClient.open(server.port, '')
    const text = (message: object) => clientFrame(1, Buffer.from(JSON.stringify(message)))
    const more = Array.from({ length: 2_000 }, () => text({ action: 'ping' }))
    client.write(Buffer.concat([text({ action: 'auth', token: '62' }), ...more]))
    const closing = () => client.frames().find(({ opcode }) => opcode === 8)
    await expect.poll(closing).toBeDefined()
    expect(closing()?.payload.readUInt16BE(0)).toBe(4013)
    held.resolve()
    server.feed.gate = async () => undefined
    client.destroy()
  })

  test('are answered after the connection message', async () => {
    const client = await RawClient.open(server.port, '')
    const text = (message: object) => clientFrame(1, Buffer.from(JSON.stringify(message)))
    client.write(
      Buffer.concat([text({ action: 'auth', token: '60' }), text({ action: 'subscribe', events: ['limits'] })]),
    )
    await expect.poll(() => client.frames().length).toBe(2)
    expect(client.frames().map(({ payload }) => JSON.parse(payload.toString()).type)).toEqual([
      'connection',
      'subscribed',
    ])
    client.destroy()
  })

  test('two tokens in one packet open one connection', async () => {
    const client = await RawClient.open(server.port, '')
    const auth = clientFrame(1, Buffer.from(JSON.stringify({ action: 'auth', token: '61' })))
    client.write(Buffer.concat([auth, auth]))
    await expect.poll(() => client.frames().length).toBe(2)
    const stats = await server.hub.stats()
    expect(stats.connectedUserIds.filter((id) => id === 61)).toEqual([61])
    expect((await server.hub.connections()).filter(({ userId }) => userId === 61)).toHaveLength(1)
    client.destroy()
    await expect.poll(async () => (await server.hub.stats()).connectedUserIds).not.toContain(61)
  })
})
