import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventStreamClient } from './event-stream-client.ts'
import { RunningFocus, type TestUser } from './running-focus.ts'

let server: RunningFocus
let alice: TestUser
beforeEach(async () => {
  server = await RunningFocus.start({ websocket: { heartbeatIntervalSeconds: 1 } })
  alice = await server.signIn('alice')
})
afterEach(() => server.stop())

const streamUrl = (query = '') => `${server.url}/notifications/stream${query}`
const open = (headers: Record<string, string> = {}, query = '') =>
  EventStreamClient.open(streamUrl(query), { authorization: `Bearer ${alice.token}`, ...headers })
const notify = (title: string, event?: string) =>
  server.focus.notifications.notifyUser({ userId: alice.id, title, message: 'm', ...(event && { event }) })
const connections = () => server.focus.realtime.stats().then(({ activeConnections }) => activeConnections)

describe('Server-Sent Events', () => {
  test('carry the messages of the WebSocket, each with the position to resume from', async () => {
    const stream = await open()
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.response.headers.get('cache-control')).toContain('no-store')
    expect(stream.response.headers.get('x-accel-buffering')).toBe('no')
    const greeting = await stream.next()
    expect(greeting?.message).toMatchObject({
      type: 'connection',
      message: 'Connexion etablie avec succes',
      user_id: alice.id,
    })
    expect(greeting?.id).toMatch(/^[^:]+:0:0$/)
    await notify('first')
    const notification = await stream.until('notification')
    expect(notification.message).toMatchObject({ title: 'first', offset: 1 })
    expect(notification.id).toMatch(/^[^:]+:1:0$/)
    expect((await stream.until('heartbeat')).id).toBe(notification.id)
    stream.close()
    await expect.poll(connections).toBe(0)
  })

  test('Last-Event-ID resumes: missed notifications come first, marked as replayed', async () => {
    const stream = await open()
    await notify('seen')
    const { id } = await stream.until('notification')
    stream.close()
    await notify('missed')
    await server.focus.notifications.broadcast({ title: 'to all', message: 'm' })
    const again = await open({ 'last-event-id': id })
    expect((await again.next())?.message['resume']).toEqual({ requested: true, recovered: true })
    const missed = await again.until('notification')
    expect(missed.message).toMatchObject({ title: 'missed', replayed: true })
    const broadcast = await again.until('notification')
    expect(broadcast.message).toMatchObject({ title: 'to all', stream: 'all' })
    expect(broadcast.id).toMatch(/:2:1$/)
    again.close()
  })

  test('an invalid Last-Event-ID starts at the head', async () => {
    const stream = await open({ 'last-event-id': 'nonsense' })
    expect((await stream.next())?.message['resume']).toEqual({ requested: false, recovered: false })
    stream.close()
  })

  test('?events= filters', async () => {
    const stream = await open({}, '?events=limits')
    await stream.until('connection')
    await notify('hidden', 'activities')
    await notify('shown', 'limits')
    expect((await stream.until('notification')).message).toMatchObject({ title: 'shown', offset: 2 })
    stream.close()
  })

  test('a missing or invalid token is refused with 401', async () => {
    for (const [query, code] of [
      ['', 'unauthenticated'],
      ['?token=nonsense', 'invalid_token'],
      ['?ticket=nonsense', 'invalid_token'],
    ]) {
      const answer = await fetch(streamUrl(query))
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      expect(await answer.json()).toMatchObject({ code })
    }
  })

  test('a stream ticket works repeatedly, until its session ends', async () => {
    const answer = await server.as(alice, '/ws/ticket', { use: 'stream' })
    const { ticket, expires_in }: { ticket: string; expires_in: number } = await answer.json()
    expect(expires_in).toBeGreaterThan(30)
    for (let round = 0; round < 2; round += 1) {
      const stream = await EventStreamClient.open(streamUrl(`?ticket=${ticket}`))
      expect((await stream.next())?.message['type']).toBe('connection')
      stream.close()
    }
    const stream = await EventStreamClient.open(streamUrl(`?ticket=${ticket}`))
    await stream.until('connection')
    await server.as(alice, '/auth/logout', {})
    expect((await stream.until('close')).message).toEqual({ type: 'close', code: 4503, reason: 'session revoked' })
    expect(await stream.next()).toBeNull()
    expect((await fetch(streamUrl(`?ticket=${ticket}`))).status).toBe(401)
  })

  test('a WebSocket ticket does not open a stream', async () => {
    const { ticket }: { ticket: string } = await (await server.as(alice, '/ws/ticket', {})).json()
    expect((await fetch(streamUrl(`?ticket=${ticket}`))).status).toBe(401)
  })

  test('a paused reader catches up from the log', async () => {
    const stream = await open()
    await stream.until('connection')
    const total = 500
    for (let index = 1; index <= total; index += 1) {
      await server.focus.notifications.notifyUser({
        userId: alice.id,
        title: `${index}`,
        message: 'x'.repeat(7_000),
        data: { filling: 'y'.repeat(9_000) },
      })
    }
    const [connection] = await server.focus.realtime.connections()
    expect(connection).toMatchObject({ transport: 'sse' })
    expect(connection?.lag).toBeGreaterThan(0)
    for (let index = 1; index <= total; index += 1) {
      expect((await stream.until('notification')).message['offset']).toBe(index)
    }
    stream.close()
  })

  test('HEAD opens no stream', async () => {
    const headers = { authorization: `Bearer ${alice.token}` }
    const answer = await fetch(streamUrl(), { method: 'HEAD', headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    expect(await connections()).toBe(0)
  })

  test('a draining node announces it and refuses new streams with 503', async () => {
    const stream = await open()
    await stream.until('connection')
    const drained = server.focus.drain({ windowMs: 100 })
    expect((await stream.until('reconnect')).message['after_ms']).toBeTypeOf('number')
    expect((await stream.until('close')).message).toMatchObject({ code: 1012 })
    expect(await stream.next()).toBeNull()
    await drained
    const answer = await fetch(streamUrl(), { headers: { authorization: `Bearer ${alice.token}` } })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})

test('R16: comments and `retry:` are lines of the next event, never an event without data', async () => {
  const pinging = await RunningFocus.start({
    websocket: { heartbeatIntervalSeconds: 1, limits: { pingIntervalMs: 100 } },
  })
  try {
    const carl = await pinging.signIn('carl')
    const stream = await fetch(`${pinging.url}/notifications/stream`, {
      headers: { authorization: `Bearer ${carl.token}` },
    })
    let text = ''
    for await (const bytes of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += bytes
      if (text.includes('"type":"heartbeat"') && text.endsWith('\n\n')) break
    }
    const blocks = text.split('\n\n').slice(0, -1)
    expect(text).toMatch(/^:$/m)
    expect(blocks[0]).toMatch(/^retry: \d+\n/)
    expect(blocks.filter((block) => !/^data: /m.test(block))).toEqual([])
  } finally {
    await pinging.stop()
  }
})

test('a stream that is never read is cut, and its connection is removed', async () => {
  const slow = await RunningFocus.start({ websocket: { limits: { lagTimeoutMs: 200 } } })
  try {
    const bob = await slow.signIn('bob')
    const { hostname, port } = new URL(slow.url)
    const socket = connect(Number(port), hostname)
    const cut = once(socket, 'close')
    socket.on('error', () => undefined)
    socket.write(`GET /api/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bob.token}\r\n\r\n`)
    await once(socket, 'data')
    socket.pause()
    const filling = { filling: 'y'.repeat(15_000) }
    while ((await slow.focus.realtime.stats()).activeConnections > 0) {
      await slow.focus.notifications.notifyUser({ userId: bob.id, title: 't', message: 'm', data: filling })
    }
    await expect.poll(() => slow.openSockets()).toBe(0)
    socket.resume()
    await cut
  } finally {
    await slow.stop()
  }
})
