import { createServer } from 'node:http'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createFocusClient, type FocusClientOptions, type TokenStorage } from '../../src/index.ts'
import { memoryStorage } from '../../src/session/token-storage.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { nextEvent, untilTrue } from '../support/wait.ts'

let server: FocusServer

beforeAll(async () => {
  server = await startFocusServer({ tokens: { accessTtlSeconds: 60 } })
})
afterAll(() => server.stop())

function clientOf(options: FocusClientOptions = {}) {
  const client = createFocusClient({ url: server.url, storage: null, ...options })
  onTestFinished(() => client.close())
  return client
}

/** `fetch`, and the requests that went through it. */
function counted() {
  const requests: string[] = []
  const fetch: typeof globalThis.fetch = (input, init) => {
    const request = new Request(input, init)
    requests.push(`${request.method} ${new URL(request.url).pathname}`)
    return globalThis.fetch(request)
  }
  return { fetch, requests, refreshes: () => requests.filter((line) => line === 'POST /api/auth/refresh').length }
}

describe('the session', () => {
  test('knows who signed in, and tells it', async () => {
    const client = clientOf()
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

  test('outlives the page in the storage, and nowhere else', async () => {
    const storage = memoryStorage()
    clientOf({ storage }).adoptSession(await server.signIn('alice'))
    expect(clientOf({ storage }).user?.username).toBe('alice')
    expect(clientOf({ storage, storageKey: 'other' }).user).toBeNull()
    expect(clientOf().user).toBeNull()
  })

  test.each(['', 'null', '{', '[]', '{"access":1}'])('a storage that holds %j is one that holds nothing', (value) => {
    const storage = memoryStorage()
    storage.setItem('focus', value)
    expect(clientOf({ storage }).isSignedIn).toBe(false)
  })

  test('a storage that takes nothing is made up for by memory', async () => {
    const full: TokenStorage = {
      getItem: () => null,
      setItem() {
        throw new DOMException('full', 'QuotaExceededError')
      },
      removeItem: () => undefined,
    }
    const client = clientOf({ storage: full })
    client.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    expect(await client.accessToken()).toMatch(/^ey/)
    expect(client.user?.username).toBe('alice')
  })

  test('an answer without a token is refused', () => {
    const client = clientOf()
    expect(() => client.adoptSession(JSON.parse('{"error":"no"}'))).toThrow(
      expect.objectContaining({ code: 'invalid_response' }),
    )
  })

  test('signing out ends it on the server', async () => {
    const client = clientOf()
    const tokens = await server.signIn('alice')
    client.adoptSession(tokens)
    await client.signOut()
    const me = await fetch(`${server.url}/auth/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    expect(me.status).toBe(401)
  })

  test('signing out everywhere closes the connection of the other device, for good', async () => {
    const [here, there] = [clientOf(), clientOf()]
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

  test('signing out without a server still signs out here', async () => {
    const client = clientOf({ url: 'http://127.0.0.1:9/api' })
    client.adoptSession(await server.signIn('alice'))
    await client.signOut()
    expect(client.isSignedIn).toBe(false)
  })
})

describe('a server that takes requests and answers none', () => {
  test('does not keep anybody from signing out', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => {
      silent.close().closeAllConnections()
    })
    const address = silent.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const client = clientOf({ url: `http://127.0.0.1:${address.port}/api` })
    client.adoptSession(await server.signIn('alice'))
    const began = performance.now()
    await client.signOut()
    expect(client.isSignedIn).toBe(false)
    expect(performance.now() - began).toBeLessThan(10_000)
  })
})

describe('refreshing', () => {
  test('happens before a token is used that is about to end', async () => {
    const { fetch, refreshes } = counted()
    const client = clientOf({ fetch })
    const tokens = await server.signIn('alice')
    client.adoptSession({ ...tokens, expires_in: 29 })
    const fresh = await client.accessToken()
    expect(fresh).not.toBe(tokens.access_token)
    expect(await client.accessToken()).toBe(fresh)
    expect(refreshes()).toBe(1)
  })

  test('happens once, however many ask', async () => {
    const { fetch, refreshes } = counted()
    const client = clientOf({ fetch })
    client.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    const tokens = await Promise.all(Array.from({ length: 10 }, () => client.accessToken()))
    expect(new Set(tokens).size).toBe(1)
    expect(refreshes()).toBe(1)
  })

  test('two tabs end with one pair', async () => {
    const storage = memoryStorage()
    const { fetch, refreshes } = counted()
    const first = clientOf({ storage, fetch })
    first.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    const second = clientOf({ storage, fetch })
    const [one, two] = await Promise.all([first.accessToken(), second.accessToken()])
    expect(one).toBe(two)
    expect(refreshes()).toBe(1)
  })

  test('two browsers that share nothing but the token get along within the grace', async () => {
    const tokens = { ...(await server.signIn('alice')), expires_in: 0 }
    const [first, second] = [clientOf({ storageKey: 'a' }), clientOf({ storageKey: 'b' })]
    first.adoptSession(tokens)
    second.adoptSession(tokens)
    const got = await Promise.all([first.accessToken(), second.accessToken()])
    expect(got.every((token) => token !== null)).toBe(true)
  })

  test('a session that has ended signs out', async () => {
    const client = clientOf()
    const tokens = await server.signIn('carol')
    client.adoptSession({ ...tokens, expires_in: 0 })
    const other = clientOf()
    other.adoptSession(tokens)
    await other.signOut()
    expect(await client.accessToken()).toBeNull()
    expect(client.isSignedIn).toBe(false)
  })

  test('a server that is away does not sign out', async () => {
    const client = clientOf({ url: 'http://127.0.0.1:9/api' })
    client.adoptSession({ ...(await server.signIn('alice')), expires_in: 0 })
    await expect(client.accessToken()).rejects.toMatchObject({ code: 'network_error' })
    expect(client.isSignedIn).toBe(true)
  })

  test('tokens from elsewhere are asked for again, not refreshed', async () => {
    let given = 0
    const tokens = [(await server.signIn('alice')).access_token, (await server.signIn('alice')).access_token]
    const client = clientOf({ token: () => tokens[given++] ?? null })
    client.notifications.connect()
    await client.notifications.whenOpen()
    expect(client.isSignedIn).toBe(true)
    await client.notifications.inbox()
    expect(given).toBe(2)
  })

  test('a wrong token from elsewhere is the end of it', async () => {
    const client = clientOf({ token: 'wrong' })
    client.notifications.connect()
    await expect(client.notifications.whenOpen()).rejects.toMatchObject({ code: 'connection_closed', status: 4500 })
  })
})

describe('the connection outlives its token', () => {
  test('a fresh token is sent before the old one ends', async () => {
    const soon = await startFocusServer({ tokens: { accessTtlSeconds: 60 } })
    onTestFinished(() => soon.stop())
    const { fetch, refreshes } = counted()
    const client = createFocusClient({ url: soon.url, storage: null, fetch })
    onTestFinished(() => client.close())
    client.adoptSession(await soon.signIn('alice'))
    const types: string[] = []
    client.notifications.on('message', ({ type }) => types.push(type))
    client.notifications.connect()
    await client.notifications.whenOpen()
    // A token of a minute is about to end from its beginning.
    await untilTrue(() => types.includes('authenticated'))
    expect(types).toContain('auth_expiring')
    expect(refreshes()).toBe(1)
    expect(client.notifications.isConnected).toBe(true)
  })

  test('where no fresh one could be had in time, the connection comes back, with what was sent meanwhile', async () => {
    const { auth, notifications } = server.focus
    const user = await auth.users.get((await server.signIn('dora')).user.id)
    if (!user) throw new Error('no user')
    let asked = 0
    const client = clientOf({
      async token() {
        asked += 1
        if (asked === 2) throw new Error('away')
        return (await auth.sessions.startShort(user, asked === 1 ? 1 : 600)).accessToken
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
  async function host() {
    const seen: (string | undefined)[] = []
    const http = createServer((request, response) => {
      seen.push(request.headers.authorization)
      let body = ''
      request.on('data', (bytes: Buffer) => (body += bytes.toString()))
      request.on('end', () => {
        response.statusCode = seen.length === 1 ? 401 : 200
        response.end(body)
      })
    }).listen(0, '127.0.0.1')
    await once(http, 'listening')
    onTestFinished(() => void http.close())
    const address = http.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return { url: `http://127.0.0.1:${address.port}`, seen }
  }

  test('carries the token to routes of the API', async () => {
    const client = clientOf()
    client.adoptSession(await server.signIn('alice'))
    const me = await client.fetch('/api/auth/me')
    expect(await me.json()).toMatchObject({ username: 'alice' })
  })

  test('tries again with a fresh token after a 401, body and all', async () => {
    const { url, seen } = await host()
    // The routes of the application are the host's, the session is the real server's.
    const viaServer: typeof globalThis.fetch = (input, init) => {
      const request = new Request(input, init)
      return globalThis.fetch(
        request.url.includes('/api/') ? new Request(request.url.replace(`${url}/api`, server.url), request) : request,
      )
    }
    const client = clientOf({ url: `${url}/api`, fetch: viaServer })
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

  test('never gives the token to another origin', async () => {
    const { url, seen } = await host()
    const client = clientOf()
    client.adoptSession(await server.signIn('alice'))
    await client.fetch(`${url}/elsewhere`)
    await client.fetch(new Request(`${url}/elsewhere`))
    expect(seen).toEqual([undefined, undefined])
  })

  test('goes without a token while nobody is signed in, and leaves yours alone', async () => {
    const { url, seen } = await host()
    const client = clientOf({ url: `${url}/api` })
    await client.fetch('/public')
    await client.fetch('/mine', { headers: { authorization: 'Basic abc' } })
    expect(seen).toEqual([undefined, 'Basic abc'])
  })
})

describe('options', () => {
  test('without a page and without a url, the first call says what is missing', async () => {
    const client = createFocusClient({ storage: null })
    client.adoptSession({ access_token: 'x' })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'invalid_option' })
    await expect(client.signIn('google')).rejects.toMatchObject({ code: 'invalid_option' })
    expect(await client.completeSignIn()).toBeNull()
  })

  test('an address that is none is named', async () => {
    const client = createFocusClient({ url: 'not an address', storage: null, token: 'x' })
    await expect(client.notifications.inbox()).rejects.toThrow('not an address')
  })

  test('a server that answers no JSON is told apart', async () => {
    const http = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
    await once(http, 'listening')
    onTestFinished(() => void http.close())
    const address = http.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const client = createFocusClient({ url: `http://127.0.0.1:${address.port}/api`, token: 'x' })
    await expect(client.notifications.inbox()).rejects.toMatchObject({ code: 'invalid_response', status: 200 })
  })
})
