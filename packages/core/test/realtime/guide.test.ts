import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HubServer } from './support/hub-server.ts'

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

describe('the messages of the guide', () => {
  let server: HubServer
  beforeAll(async () => {
    server = await HubServer.start({ config: { heartbeatIntervalMs: 200 } })
  })
  afterAll(() => server.stop())

  test('connection: message and timestamp, and the additions of the protocol', async () => {
    const client = server.dial('?token=123')
    expect(await client.next('connection')).toEqual({
      type: 'connection',
      message: 'Connexion etablie avec succes',
      timestamp,
      protocol: 1,
      connection_id: expect.stringMatching(/^n1\./),
      user_id: 123,
      heartbeat_interval: 0.2,
      auth_expires_at: timestamp,
      stream: { epoch: 'k3f9', offset: 0, oldest: 1 },
      all: { epoch: 'k3f9', offset: 0 },
      resume: { requested: false, recovered: false },
      unread_count: 0,
      state_rev: 0,
      limits: { max_message_bytes: 16_384, actions_per_minute: 120 },
    })
    await client.close()
  })

  test('heartbeat: is sent at its interval with the position of the connection', async () => {
    const client = await server.connect('124')
    server.feed.notify('124')
    await client.next('notification')
    expect(await client.next('heartbeat')).toEqual({
      type: 'heartbeat',
      timestamp,
      epoch: 'k3f9',
      offset: 1,
      all: { epoch: 'k3f9', offset: 0 },
      state_rev: 0,
    })
    await client.next('heartbeat')
    await client.close()
  })

  test('notification: type, title, message, data and timestamp as in the guide', async () => {
    const client = await server.connect('125')
    server.feed.notify('125', {
      type: 'warning',
      title: 'Limite bientot atteinte',
      message: 'Vous avez utilise 80% de votre limite pour Instagram',
      event: 'limits',
      data: { app_name: 'Instagram', percentage: 80 },
    })
    expect(await client.next('notification')).toEqual({
      type: 'notification',
      notification_type: 'warning',
      title: 'Limite bientot atteinte',
      message: 'Vous avez utilise 80% de votre limite pour Instagram',
      data: { app_name: 'Instagram', percentage: 80 },
      timestamp,
      id: expect.any(String),
      epoch: 'k3f9',
      offset: 1,
      event: 'limits',
      count: 1,
    })
    await client.close()
  })

  test('an unknown action is answered with "Action inconnue" and the socket stays open', async () => {
    const client = await server.connect('126')
    client.send({ action: 'dance', ref: 7 })
    expect(await client.until('error')).toMatchObject({ message: 'Action inconnue', code: 'unknown_action', ref: 7 })
    client.send({ action: 'ping', timestamp: '2024-10-30T10:30:00', ref: '1' })
    expect(await client.until('pong')).toEqual({
      type: 'pong',
      timestamp,
      client_timestamp: '2024-10-30T10:30:00',
      ref: '1',
    })
    await client.close()
  })

  test('a ping may carry a written date', async () => {
    const client = await server.connect('126')
    const written = 'Thu Oct 30 2024 10:30:00 GMT+0100 (heure normale d’Europe centrale)'
    client.send({ action: 'ping', timestamp: written, ref: written })
    expect(await client.until('pong')).toMatchObject({ client_timestamp: written, ref: written })
    await client.close()
  })

  test('subscribe and unsubscribe answer with the topics in force and filter by them', async () => {
    const client = await server.connect('127')
    client.send({ action: 'subscribe', events: ['activities', 'challenges', 'limits'] })
    expect((await client.until('subscribed')).events).toEqual(['activities', 'challenges', 'limits'])
    client.send({ action: 'unsubscribe', events: ['activities'], ref: 'u' })
    expect(await client.until('subscribed')).toEqual({ type: 'subscribed', events: ['challenges', 'limits'], ref: 'u' })
    server.feed.notify('127', { event: 'activities', title: 'hidden' })
    server.feed.notify('127', { event: 'limits', title: 'seen' })
    server.feed.notify('127', { title: 'without a topic' })
    expect(await client.until('notification')).toMatchObject({ title: 'seen', offset: 2 })
    expect(await client.until('notification')).toMatchObject({ title: 'without a topic', offset: 3 })
    await client.close()
  })

  test('get_stats counts users and connections', async () => {
    const first = await server.connect('128')
    const second = await server.connect('128')
    first.send({ action: 'get_stats', ref: 's' })
    expect(await first.until('stats')).toEqual({
      type: 'stats',
      websocket_enabled: true,
      active_users: 1,
      active_connections: 2,
      your_connections: 2,
      ref: 's',
    })
    expect(await server.hub.stats()).toMatchObject({ activeUsers: 1, activeConnections: 2, connectedUserIds: [128] })
    await Promise.all([first.close(), second.close()])
  })
})

test('texts are English when the locale is en', async () => {
  const server = await HubServer.start({ config: { locale: 'en' } })
  const client = await server.dial('?token=1').opened()
  expect((await client.next('connection')).message).toBe('Connection established')
  client.send({ action: 'dance' })
  expect((await client.next('error')).message).toBe('Unknown action')
  await server.stop()
  expect(await client.closed).toEqual({ code: 1012, reason: 'restart' })
})

test('WEBSOCKET_ENABLED=False refuses upgrades with a problem and a hint', async () => {
  const server = await HubServer.start({ config: { enabled: false } })
  const response = await fetch(server.url.replace('ws:', 'http:'))
  expect(response.status).toBe(426)
  const client = server.dial('?token=1')
  const refusal = await new Promise<{ status: number; body: string }>((resolve) => {
    client.socket.on('unexpected-response', (_request, answer) => {
      let body = ''
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
  })
  expect(refusal.status).toBe(404)
  expect(JSON.parse(refusal.body)).toMatchObject({
    code: 'websocket_disabled',
    hint: 'Set WEBSOCKET_ENABLED=True and restart the server.',
  })
  await server.stop()
})
