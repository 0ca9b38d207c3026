import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createFocusClient, type FocusClientOptions, type TokenResponse, type TokenStorage } from '../../src/index.ts'
import { memoryStorage } from '../../src/session/token-storage.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { type Middlebox, startMiddlebox } from '../support/middlebox.ts'
import { untilTrue } from '../support/wait.ts'

let server: FocusServer
let box: Middlebox

beforeAll(async () => {
  server = await startFocusServer()
  box = await startMiddlebox(server.url)
})
beforeEach(() => {
  box.interfere = () => null
  box.hold = () => null
  box.requests.length = 0
})
afterAll(async () => {
  await box.stop()
  await server.stop()
})

/** A page: what is in `storage` is there for the next one. */
function pageOf(storage: TokenStorage, options: FocusClientOptions = {}) {
  const client = createFocusClient({ url: box.url, storage, ...options })
  onTestFinished(() => client.close())
  return client
}

const goOffline = () => {
  box.interfere = () => 'cut'
}
const sessionsOf = async ({ user }: TokenResponse) => (await server.focus.auth.sessions.list(String(user?.id))).length

describe('S39 A13: sign-out wins', () => {
  test('over being offline: it is remembered, and finished by the next page before anything else', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('alice')
    const page = pageOf(storage)
    page.adoptSession(tokens)
    goOffline()
    await page.signOut()
    expect(page.isSignedIn).toBe(false)
    page.close()
    expect(await sessionsOf(tokens)).toBe(1)

    const offline = pageOf(storage)
    expect(await offline.completeSignIn()).toBeNull()
    offline.close()
    box.interfere = () => null
    box.requests.length = 0
    const next = pageOf(storage)
    expect(await next.completeSignIn()).toBeNull()
    expect(box.requests).toEqual(['POST /api/auth/logout'])
    expect(await sessionsOf(tokens)).toBe(0)
    // Once is enough.
    await pageOf(storage).completeSignIn()
    expect(box.requests).toHaveLength(1)
  })

  test('over being offline, in the page itself, as soon as the server is back', async () => {
    const tokens = await server.signIn('bert')
    const page = pageOf(memoryStorage())
    page.adoptSession(tokens)
    goOffline()
    await page.signOut()
    box.interfere = () => null
    await expect.poll(() => sessionsOf(tokens), { timeout: 10_000 }).toBe(0)
  })

  test.each([
    ['the 200 of a captive portal', { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }],
    ['the 403 of a firewall', { status: 403, headers: { 'content-type': 'text/html' }, body: 'no' }],
    ['a 401 of a proxy', { status: 401, headers: { 'content-type': 'text/html' }, body: 'no' }],
    ['a 503', { status: 503 }],
  ])('over %s, which is no answer to it', async (_, interference) => {
    const storage = memoryStorage()
    const tokens = await server.signIn('carl')
    const page = pageOf(storage)
    page.adoptSession(tokens)
    box.interfere = () => interference
    await page.signOut()
    page.close()
    box.interfere = () => null
    await pageOf(storage).completeSignIn()
    expect(await sessionsOf(tokens)).toBe(0)
  })

  test('over an access token that has ended meanwhile', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('dina')
    const page = pageOf(storage)
    page.adoptSession({ ...tokens, access_token: 'ended' })
    await page.signOut({ everywhere: true })
    expect(box.requests[0]).toBe('POST /api/auth/logout_all')
    expect(await sessionsOf(tokens)).toBe(0)
  })

  test('over a refresh that is under way', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('emil')
    const page = pageOf(storage)
    page.adoptSession({ ...tokens, expires_in: 0 })
    const { promise, resolve } = Promise.withResolvers<void>()
    box.hold = (line) => (line.endsWith('/auth/refresh') ? promise : null)
    const token = page.accessToken()
    await untilTrue(() => box.requests.includes('POST /api/auth/refresh'))
    const signedOut = page.signOut()
    expect(page.isSignedIn).toBe(false)
    resolve()
    expect(await token).toBeNull()
    await signedOut
    expect(page.isSignedIn).toBe(false)
    expect(storage.getItem('focus')).toBeNull()
    expect(await sessionsOf(tokens)).toBe(0)
  })

  test('over a refresh of another tab, which has not heard of it yet', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('frida')
    const page = pageOf(storage)
    page.adoptSession({ ...tokens, expires_in: 0 })
    const otherTab = pageOf(storage)
    const { promise, resolve } = Promise.withResolvers<void>()
    box.hold = (line) => (line.endsWith('/auth/refresh') ? promise : null)
    const token = otherTab.accessToken()
    await untilTrue(() => box.requests.includes('POST /api/auth/refresh'))
    const signedOut = page.signOut()
    resolve()
    expect(await token).toBeNull()
    await signedOut
    expect([page.isSignedIn, otherTab.isSignedIn, storage.getItem('focus')]).toEqual([false, false, null])
    expect(await sessionsOf(tokens)).toBe(0)
  })

  test('one that is not finished ends nobody else’s session', async () => {
    const storage = memoryStorage()
    const [first, second] = [await server.signIn('gerd'), await server.signIn('hanna')]
    const page = pageOf(storage)
    page.adoptSession(first)
    goOffline()
    await page.signOut()
    page.close()
    box.interfere = () => null
    const next = pageOf(storage)
    next.adoptSession(second)
    expect(await next.completeSignIn()).toMatchObject({ username: 'hanna' })
    expect([await sessionsOf(first), await sessionsOf(second)]).toEqual([0, 1])
    expect(await next.accessToken()).toBe(second.access_token)
  })

  test('a storage that takes nothing, and one that holds nonsense, keep nobody from signing out', async () => {
    const full: TokenStorage = {
      getItem: (key) => (key.endsWith('sign-outs') ? '[null, 7, {"everywhere":1}]' : null),
      setItem() {
        throw new DOMException('full', 'QuotaExceededError')
      },
      removeItem: () => undefined,
    }
    const tokens = await server.signIn('igor')
    const page = pageOf(full)
    page.adoptSession(tokens)
    await page.signOut()
    expect(await sessionsOf(tokens)).toBe(0)
  })
})
