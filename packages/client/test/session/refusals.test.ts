import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createFocusClient, type FocusClientOptions } from '../../src/index.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { type Interference, type Middlebox, startMiddlebox } from '../support/middlebox.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer
let box: Middlebox

beforeAll(async () => {
  server = await startFocusServer()
  box = await startMiddlebox(server.url)
})
beforeEach(() => {
  box.interfere = () => null
  box.requests.length = 0
})
afterAll(async () => {
  await box.stop()
  await server.stop()
})

function clientOf(options: FocusClientOptions = {}) {
  const client = createFocusClient({ url: box.url, storage: null, ...options })
  onTestFinished(() => client.close())
  return client
}

const html = { 'content-type': 'text/html' }
const json = { 'content-type': 'application/json' }
const problem = { 'content-type': 'application/problem+json' }
const answering = (path: string, interference: Interference) => (line: string) =>
  line.endsWith(path) ? interference : null

describe('A12: only the server’s own word ends a session', () => {
  const noWord: [string, Interference][] = [
    ['an HTML 403 of a proxy', { status: 403, headers: html, body: '<h1>Forbidden</h1>' }],
    ['an HTML 401 of a proxy', { status: 401, headers: html, body: '<h1>Sign in to the proxy</h1>' }],
    ['an HTML 404 of a deploy', { status: 404, headers: html, body: '<h1>No such application</h1>' }],
    ['a JSON 400 of a firewall', { status: 400, headers: json, body: '{"message":"blocked","code":"waf"}' }],
    ['JSON of somebody else’s token route', { status: 400, headers: json, body: '{"error":"invalid_grant"}' }],
    ['a 4xx with `null` as body', { status: 418, headers: json, body: 'null' }],
    ['a 4xx without a body', { status: 407 }],
    ['a 451', { status: 451, headers: html, body: 'blocked' }],
    ['the HTML 200 of a captive portal', { status: 200, headers: html, body: '<h1>Welcome on board</h1>' }],
    ['the JSON 200 of a captive portal', { status: 200, headers: json, body: '{"portal":"hotel"}' }],
    ['a 204', { status: 204 }],
    ['a 429 of the server', { status: 429, headers: problem, body: '{"code":"rate_limited"}' }],
    ['a 503 of the server', { status: 503, headers: problem, body: '{"code":"storage_unavailable"}' }],
    ['a 502 of a proxy', { status: 502, headers: html, body: '<h1>Bad gateway</h1>' }],
    ['no answer', 'cut'],
  ]

  test.each(noWord)('%s at a refresh does not, and a later try has the token', async (_, interference) => {
    const client = clientOf()
    const tokens = await server.signIn('alice')
    client.adoptSession({ ...tokens, expires_in: 0 })
    box.interfere = answering('/auth/refresh', interference)
    await expect(client.accessToken()).rejects.toMatchObject({ name: 'FocusClientError' })
    expect(client.isSignedIn).toBe(true)
    box.interfere = () => null
    const fresh = () => client.accessToken().catch(() => null)
    await expect.poll(fresh, { timeout: 10_000 }).toMatch(/^ey/)
    expect(client.user?.username).toBe('alice')
  })

  test('a refresh that the server refuses does', async () => {
    for (const end of ['end the session', 'disable the user'] as const) {
      const client = clientOf()
      const tokens = await server.signIn(`refused: ${end}`)
      client.adoptSession({ ...tokens, expires_in: 0 })
      const { auth } = server.focus
      if (end === 'end the session') await auth.sessions.endAll(String(tokens.user.id), 'revoked')
      else await auth.users.setDisabled(tokens.user.id, true)
      expect(await client.accessToken()).toBeNull()
      expect(client.isSignedIn).toBe(false)
    }
  })

  test('the connection tries again until it has a token', async () => {
    const client = clientOf()
    client.adoptSession({ ...(await server.signIn('bob')), expires_in: 0 })
    box.interfere = answering('/auth/refresh', { status: 403, headers: html, body: 'no' })
    const waiting = nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
    client.notifications.connect()
    await waiting
    box.interfere = () => null
    await client.notifications.whenOpen()
    expect(client.user?.username).toBe('bob')
  })

  test('a session that cannot be renewed outlives a 401 of a proxy, not one of the server', async () => {
    const client = clientOf()
    const tokens = await server.signIn('carol')
    client.adoptSession({ access_token: tokens.access_token, user: tokens.user })
    box.interfere = answering('/notifications', { status: 401, headers: html, body: 'no' })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'http_401', status: 401 })
    expect(client.isSignedIn).toBe(true)
    box.interfere = () => null
    await server.focus.auth.sessions.endAll(String(tokens.user.id), 'revoked')
    await expect(client.notifications.inbox()).rejects.toMatchObject({ status: 401 })
    expect(client.isSignedIn).toBe(false)
  })

  test('a token that is good for a few seconds more is used while it cannot be renewed', async () => {
    const client = clientOf()
    const tokens = await server.signIn('dora')
    client.adoptSession({ ...tokens, expires_in: 20 })
    box.interfere = answering('/auth/refresh', { status: 503, headers: html, body: 'no' })
    expect(await client.accessToken()).toBe(tokens.access_token)
  })

  test('a server that names a time is left alone until then', async () => {
    const client = clientOf()
    client.adoptSession({ ...(await server.signIn('erik')), expires_in: 0 })
    box.interfere = answering('/auth/refresh', {
      status: 429,
      headers: { ...problem, 'retry-after': '600' },
      body: '{}',
    })
    for (let time = 0; time < 3; time += 1) {
      await expect(client.accessToken()).rejects.toMatchObject({ status: 429, retryAfterMs: 600_000 })
    }
    expect(box.requests.filter((line) => line.endsWith('/auth/refresh'))).toHaveLength(1)
  })

  test('an inbox that a proxy hides is shown when it is back, and is not taken for empty', async () => {
    const client = clientOf()
    const tokens = await server.signIn('frida')
    client.adoptSession(tokens)
    await server.focus.notifications.notifyUser({ userId: tokens.user.id, title: 'there', message: 'M' })
    client.notifications.connect()
    await client.notifications.whenOpen()
    box.interfere = answering('/notifications', { status: 404, headers: html, body: 'no such application' })
    const { list } = client.notifications
    onTestFinished(list.subscribe(() => undefined))
    await untilTrue(() => !list.snapshot.isLoading)
    expect(list.snapshot.error).toMatchObject({ code: 'http_404' })
    box.interfere = () => null
    box.cutSockets()
    await untilTrue(() => list.snapshot.items.length === 1)
    expect(list.snapshot.error).toBeNull()
  })
})

describe('answers of captive portals', () => {
  test('are no unread count, no page and no ticket of the server', async () => {
    const client = clientOf()
    client.adoptSession(await server.signIn('gerd'))
    box.interfere = () => ({ status: 200, headers: json, body: '{"notifications":[],"portal":true}' })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'invalid_response' })
    await expect(client.notifications.markAllRead()).rejects.toMatchObject({ code: 'invalid_response' })
    expect(client.notifications.unreadCount).toBe(0)
    await expect(client.notifications.remove('0198c0de-7a31-7c52-9d7e-3f1d2c4b5a69')).rejects.toMatchObject({
      code: 'invalid_response',
    })
  })
})
