import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { type Interference, type Middlebox, startMiddlebox } from '../support/middlebox.ts'
import { connect, createTestClient, showList } from '../support/test-client.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer
let box: Middlebox

beforeAll(async () => {
  server = await startFocusServer()
  box = await startMiddlebox(server.url)
})
beforeEach(() => box.reset())
afterAll(async () => {
  await box.stop()
  await server.stop()
})

const createClient = () => createTestClient({ url: box.url })

const html = { 'content-type': 'text/html' }
const json = { 'content-type': 'application/json' }
const problem = { 'content-type': 'application/problem+json' }
const answering = (path: string, interference: Interference) => (line: string) =>
  line.endsWith(path) ? interference : null

describe('A12: only an answer of the server itself ends a session', () => {
  const foreignAnswers: [string, Interference][] = [
    ['an HTML 403 of a proxy', { status: 403, headers: html, body: '<h1>Forbidden</h1>' }],
    ['an HTML 401 of a proxy', { status: 401, headers: html, body: '<h1>Sign in to the proxy</h1>' }],
    ['an HTML 404 of a deploy', { status: 404, headers: html, body: '<h1>No such application</h1>' }],
    ['a JSON 400 of a firewall', { status: 400, headers: json, body: '{"message":"blocked","code":"waf"}' }],
    ['JSON of another token route', { status: 400, headers: json, body: '{"error":"invalid_grant"}' }],
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

  test.each(foreignAnswers)('%s to a refresh does not, and a later try gets the token', async (_, interference) => {
    const client = createClient()
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

  test('a refusal of the refresh by the server does', async () => {
    for (const end of ['end the session', 'disable the user'] as const) {
      const client = createClient()
      const tokens = await server.signIn(`refused: ${end}`)
      client.adoptSession({ ...tokens, expires_in: 0 })
      const { auth } = server.focus
      if (end === 'end the session') await auth.sessions.endAll(String(tokens.user.id), 'revoked')
      else await auth.users.setDisabled(tokens.user.id, true)
      expect(await client.accessToken()).toBeNull()
      expect(client.isSignedIn).toBe(false)
    }
  })

  test('the connection retries until it has a token', async () => {
    const client = createClient()
    client.adoptSession({ ...(await server.signIn('bob')), expires_in: 0 })
    box.interfere = answering('/auth/refresh', { status: 403, headers: html, body: 'no' })
    const waiting = nextEvent(client.notifications, 'state', ({ status }) => status === 'reconnecting')
    client.notifications.connect()
    await waiting
    box.interfere = () => null
    await client.notifications.whenOpen()
    expect(client.user?.username).toBe('bob')
  })

  test('a session without a refresh token ends with a 401 of the server, not with one of a proxy', async () => {
    const client = createClient()
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

  test('a token that expires soon is used while it cannot be renewed', async () => {
    const client = createClient()
    const tokens = await server.signIn('dora')
    client.adoptSession({ ...tokens, expires_in: 20 })
    box.interfere = answering('/auth/refresh', { status: 503, headers: html, body: 'no' })
    expect(await client.accessToken()).toBe(tokens.access_token)
  })

  test('no refresh is sent before the end of Retry-After', async () => {
    const client = createClient()
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

  test('an inbox hidden by a proxy is an error, not empty, and loads when it is back', async () => {
    const client = createClient()
    const tokens = await server.signIn('frida')
    await server.focus.notifications.notifyUser({ userId: tokens.user.id, title: 'there', message: 'M' })
    await connect(client, tokens)
    box.interfere = answering('/notifications', { status: 404, headers: html, body: 'no such application' })
    const { list } = client.notifications
    showList(list)
    await untilTrue(() => !list.snapshot.isLoading)
    expect(list.snapshot.error).toMatchObject({ code: 'http_404' })
    box.interfere = () => null
    box.cutSockets()
    await untilTrue(() => list.snapshot.items.length === 1)
    expect(list.snapshot.error).toBeNull()
  })
})

describe('answers of captive portals', () => {
  test('are invalid as a page, a count or the result of a deletion', async () => {
    const client = createClient()
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
