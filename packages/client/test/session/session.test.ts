import { createServer, type RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { FocusClientOptions, TokenStorage } from '../../src/index.ts'
import { memoryStorage } from '../../src/session/token-storage.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { closeServer, listenOnLoopback } from '../support/loopback.ts'
import { createTestClient } from '../support/test-client.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer

beforeAll(async () => {
  server = await startFocusServer({ tokens: { accessTtlSeconds: 60 } })
})
afterAll(() => server.stop())

const createClient = (options: FocusClientOptions = {}) => createTestClient({ url: server.url, ...options })

/** Starts another HTTP server for the test. Returns its origin. */
async function startServer(listener: RequestListener): Promise<string> {
  const other = createServer(listener)
  onTestFinished(() => closeServer(other))
  return listenOnLoopback(other)
}

/** Returns a `fetch` that records its requests. */
function recordingFetch() {
  const requests: string[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    requests.push(`${request.method} ${new URL(request.url).pathname}`)
    return globalThis.fetch(request)
  }
  return { fetch, requests, refreshes: () => requests.filter((line) => line === 'POST /api/auth/refresh').length }
}

describe('the session', () => {
  test('has the signed-in user, and reports changes', async () => {
    const client = createClient()
    const seen: unknown[] = []
    client.onAuthChange((user) => seen.push(user?.username ?? null))
    expect(client.user).toBeNull()
    client.adoptSession(await server.signIn('alice'))
    expect(client.user).toMatchObject({ username: 'alice', email: 'alice@example.com', fullName: 'alice' })
    expect(client.isSignedIn).toBe(true)
    await client.signOut()
    expect(client.user).toBeNull()
    expect(seen).toEqual(['alice', null])
  })

  test('outlives the page in its storage only', async () => {
    const storage = memoryStorage()
    createClient({ storage }).adoptSession(await server.signIn('alice'))
    expect(createClient({ storage }).user?.username).toBe('alice')
    expect(createClient({ storage, storageKey: 'other' }).user).toBeNull()
    expect(createClient().user).toBeNull()
  })

  test.each(['', 'null', '{', '[]', '{"access":1}'])('a storage that contains %j has no session', (value) => {
    const storage = memoryStorage()
    storage.setItem('focus', value)
    expect(createClient({ storage }).isSignedIn).toBe(false)
  })

  test('with a full storage, the session stays in memory', async () => {
    const full: TokenStorage = {
      getItem: () => null,
      setItem() {
        throw new DOMException('full', 'QuotaExceededError')
      },
      removeItem: () => undefined,
    }
    const client = createClient({ storage: full })
    client.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    expect(await client.accessToken()).toMatch(/^ey/)
    expect(client.user?.username).toBe('alice')
  })

  test('an answer without a token is refused', () => {
    const client = createClient()
    expect(() => client.adoptSession(JSON.parse('{"error":"no"}'))).toThrow(
      expect.objectContaining({ code: 'invalid_response' }),
    )
  })

  test('signOut ends it on the server', async () => {
    const client = createClient()
    const tokens = await server.signIn('alice')
    client.adoptSession(tokens)
    await client.signOut()
    const me = await fetch(`${server.url}/auth/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    expect(me.status).toBe(401)
  })

  test('signOut everywhere closes the connection of the other device, until the next sign-in', async () => {
    const [here, there] = [createClient(), createClient()]
    here.adoptSession(await server.signIn('bob'))
    there.adoptSession(await server.signIn('bob'))
    there.notifications.connect()
    await there.notifications.whenOpen()
    const end = nextEvent(there.notifications, 'state', ({ status }) => status === 'closed')
    await here.signOut({ everywhere: true })
    expect(await end).toMatchObject({ status: 'closed', reason: { code: 4503 } })
    expect(there.user).toBeNull()
    await expect(there.notifications.whenOpen()).rejects.toMatchObject({ code: 'connection_closed', status: 4503 })
    const stream = there.notifications.stream()
    there.adoptSession(await server.signIn('bob'))
    await there.notifications.whenOpen()
    await stream.return?.()
  })

  test('signOut without a server ends it on this page', async () => {
    const client = createClient({ url: 'http://127.0.0.1:9/api' })
    client.adoptSession(await server.signIn('alice'))
    await client.signOut()
    expect(client.isSignedIn).toBe(false)
  })
})

describe('a server that never answers', () => {
  test('does not prevent a sign-out', async () => {
    const client = createClient({ url: `${await startServer(() => undefined)}/api` })
    client.adoptSession(await server.signIn('alice'))
    const startedAt = performance.now()
    await client.signOut()
    expect(client.isSignedIn).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})

describe('refreshing', () => {
  test('happens before a token that expires soon is used', async () => {
    const { fetch, refreshes } = recordingFetch()
    const client = createClient({ fetch })
    const tokens = await server.signIn('alice')
    client.adoptSession({ ...tokens, expires_in: 29 })
    const fresh = await client.accessToken()
    expect(fresh).not.toBe(tokens.access_token)
    expect(await client.accessToken()).toBe(fresh)
    expect(refreshes()).toBe(1)
  })

  test('happens once for simultaneous calls', async () => {
    const { fetch, refreshes } = recordingFetch()
    const client = createClient({ fetch })
    client.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    const tokens = await Promise.all(Array.from({ length: 10 }, () => client.accessToken()))
    expect(new Set(tokens).size).toBe(1)
    expect(refreshes()).toBe(1)
  })

  test('gives two tabs the same pair', async () => {
    const storage = memoryStorage()
    const { fetch, refreshes } = recordingFetch()
    const first = createClient({ storage, fetch })
    first.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    const second = createClient({ storage, fetch })
    const [one, two] = await Promise.all([first.accessToken(), second.accessToken()])
    expect(one).toBe(two)
    expect(refreshes()).toBe(1)
  })

  test('gives two browsers with the same token a pair each within the grace period', async () => {
    const tokens = { ...(await server.signIn('alice')), expires_in: 0 }
    const [first, second] = [createClient({ storageKey: 'a' }), createClient({ storageKey: 'b' })]
    first.adoptSession(tokens)
    second.adoptSession(tokens)
    const got = await Promise.all([first.accessToken(), second.accessToken()])
    expect(got.every((token) => token !== null)).toBe(true)
  })

  test('signs out if the session has ended', async () => {
    const client = createClient()
    const tokens = await server.signIn('carol')
    client.adoptSession({ ...tokens, expires_in: 0 })
    const other = createClient()
    other.adoptSession(tokens)
    await other.signOut()
    expect(await client.accessToken()).toBeNull()
    expect(client.isSignedIn).toBe(false)
  })

  test('does not sign out if the server is unreachable', async () => {
    const client = createClient({ url: 'http://127.0.0.1:9/api' })
    client.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    await expect(client.accessToken()).rejects.toMatchObject({ code: 'network_error' })
    expect(client.isSignedIn).toBe(true)
  })

  test('requests external tokens again instead of refreshing them', async () => {
    let calls = 0
    const tokens = [(await server.signIn('alice')).access_token, (await server.signIn('alice')).access_token]
    const client = createClient({ token: () => tokens[calls++] ?? null })
    client.notifications.connect()
    await client.notifications.whenOpen()
    expect(client.isSignedIn).toBe(true)
    await client.notifications.inbox()
    expect(calls).toBe(2)
  })

  test('does not happen for an invalid external token: the connection ends', async () => {
    const client = createClient({ token: 'wrong' })
    client.notifications.connect()
    await expect(client.notifications.whenOpen()).rejects.toMatchObject({ code: 'connection_closed', status: 4500 })
  })
})

describe('the connection outlives its token', () => {
  test('a new token is sent before the old one expires', async () => {
    const { fetch, refreshes } = recordingFetch()
    const client = createClient({ fetch })
    client.adoptSession(await server.signIn('alice'))
    const types: string[] = []
    client.notifications.on('message', ({ type }) => types.push(type))
    client.notifications.connect()
    await client.notifications.whenOpen()
    // The server sends `auth_expiring` immediately for a token with a lifetime of one minute.
    await untilTrue(() => types.includes('authenticated'))
    expect(types).toContain('auth_expiring')
    expect(refreshes()).toBe(1)
    expect(client.notifications.isConnected).toBe(true)
  })

  test('without a new token in time, the connection is opened again, and missed notifications arrive', async () => {
    const { auth, notifications } = server.focus
    const user = await auth.users.get((await server.signIn('dora')).user.id)
    if (!user) throw new Error('The user does not exist.')
    let calls = 0
    const client = createClient({
      async token() {
        calls += 1
        if (calls === 2) throw new Error('unreachable')
        return (await auth.sessions.startShort(user, calls === 1 ? 1 : 600)).accessToken
      },
    })
    const titles: string[] = []
    const states: string[] = []
    client.notifications.on('notification', ({ title }) => titles.push(title))
    client.notifications.on('state', ({ status }) => states.push(status))
    client.notifications.connect()
    await client.notifications.whenOpen()
    await notifications.notifyUser({ userId: user.id, title: 'one', message: 'M' })
    await nextEvent(client.notifications, 'state', ({ status }) => status === 'connecting')
    await notifications.notifyUser({ userId: user.id, title: 'two', message: 'M' })
    await untilTrue(() => titles.length === 2)
    expect(titles).toEqual(['one', 'two'])
    expect(states.slice(0, 3)).toEqual(['connecting', 'open', 'connecting'])
    expect(states).not.toContain('closed')
  })
})

describe('fetch', () => {
  /** Starts an application that answers the first request with 401, and records the authorization headers. */
  async function startApplication() {
    const seen: (string | undefined)[] = []
    const url = await startServer((request, response) => {
      seen.push(request.headers.authorization)
      let body = ''
      request.on('data', (bytes: Buffer) => (body += bytes.toString()))
      request.on('end', () => {
        response.statusCode = seen.length === 1 ? 401 : 200
        response.end(body)
      })
    })
    return { url, seen }
  }

  test('sends the token to routes of the API', async () => {
    const client = createClient()
    client.adoptSession(await server.signIn('alice'))
    const me = await client.fetch('/api/auth/me')
    expect(await me.json()).toMatchObject({ username: 'alice' })
  })

  test('repeats the request and its body with a new token after a 401', async () => {
    const { url, seen } = await startApplication()
    // The application has its own routes. Routes of the API go to the real server.
    const viaServer: typeof globalThis.fetch = (input, init) => {
      const request = new Request(input, init)
      return globalThis.fetch(
        request.url.includes('/api/') ? new Request(request.url.replace(`${url}/api`, server.url), request) : request,
      )
    }
    const client = createClient({ url: `${url}/api`, fetch: viaServer })
    const tokens = await server.signIn('alice')
    client.adoptSession(tokens)
    const response = await client.fetch('/activities', { method: 'POST', body: 'hello' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('hello')
    expect(seen).toHaveLength(2)
    expect(seen[0]).toBe(`Bearer ${tokens.access_token}`)
    expect(seen[1]).toMatch(/^Bearer ey/)
    expect(seen[1]).not.toBe(seen[0])
  })

  test('sends no token to another origin', async () => {
    const { url, seen } = await startApplication()
    const client = createClient()
    client.adoptSession(await server.signIn('alice'))
    await client.fetch(`${url}/page`)
    await client.fetch(new Request(`${url}/page`))
    expect(seen).toEqual([undefined, undefined])
  })

  test('sends no token without a user, and keeps a given authorization header', async () => {
    const { url, seen } = await startApplication()
    const client = createClient({ url: `${url}/api` })
    await client.fetch('/public')
    await client.fetch('/mine', { headers: { authorization: 'Basic abc' } })
    expect(seen).toEqual([undefined, 'Basic abc'])
  })
})

describe('options', () => {
  test('without a page and without a url, the first call rejects with invalid_option', async () => {
    const client = createTestClient({})
    client.adoptSession({ access_token: 'x' })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'invalid_option' })
    await expect(client.signIn('google')).rejects.toMatchObject({ code: 'invalid_option' })
    expect(await client.completeSignIn()).toBeNull()
  })

  test('an invalid url is in the error message', async () => {
    const client = createTestClient({ url: 'not an address', token: 'x' })
    await expect(client.notifications.inbox()).rejects.toThrow('not an address')
  })

  test('an answer that is not JSON has its own code', async () => {
    const url = await startServer((_, response) => response.end('<html>'))
    const client = createTestClient({ url: `${url}/api`, token: 'x' })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'invalid_response', status: 200 })
  })
})
