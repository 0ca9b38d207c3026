import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TokenResponse, TokenStorage } from '../../src/index.ts'
import { memoryStorage } from '../../src/session/token-storage.ts'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { type Middlebox, startMiddlebox } from '../support/middlebox.ts'
import { createTestClient } from '../support/test-client.ts'
import { untilTrue } from '../support/wait.ts'

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

/** Opens a page. Pages with the same storage follow each other, or are tabs of one browser. */
const openPage = (storage: TokenStorage) => createTestClient({ url: box.url, storage })

const goOffline = () => {
  box.interfere = () => 'cut'
}
const sessionsOf = async ({ user }: TokenResponse) => (await server.focus.auth.sessions.list(String(user?.id))).length

describe('S39 A13: a sign-out succeeds', () => {
  test('while offline: the next page finishes it before any other request', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('alice')
    const page = openPage(storage)
    page.adoptSession(tokens)
    goOffline()
    await page.signOut()
    expect(page.isSignedIn).toBe(false)
    page.close()
    expect(await sessionsOf(tokens)).toBe(1)

    const offline = openPage(storage)
    expect(await offline.completeSignIn()).toBeNull()
    offline.close()
    box.interfere = () => null
    box.requests.length = 0
    const next = openPage(storage)
    expect(await next.completeSignIn()).toBeNull()
    expect(box.requests).toEqual(['POST /api/auth/logout'])
    expect(await sessionsOf(tokens)).toBe(0)
    // No later page repeats it.
    await openPage(storage).completeSignIn()
    expect(box.requests).toHaveLength(1)
  })

  test('while offline: the page itself finishes it as soon as the server is back', async () => {
    const tokens = await server.signIn('bert')
    const page = openPage(memoryStorage())
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
  ])('after %s, which does not confirm it', async (_, interference) => {
    const storage = memoryStorage()
    const tokens = await server.signIn('carl')
    const page = openPage(storage)
    page.adoptSession(tokens)
    box.interfere = () => interference
    await page.signOut()
    page.close()
    box.interfere = () => null
    await openPage(storage).completeSignIn()
    expect(await sessionsOf(tokens)).toBe(0)
  })

  test('with an expired access token', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('dina')
    const page = openPage(storage)
    page.adoptSession({ ...tokens, access_token: 'ended' })
    await page.signOut({ everywhere: true })
    expect(box.requests[0]).toBe('POST /api/auth/logout_all')
    expect(await sessionsOf(tokens)).toBe(0)
  })

  test('during a refresh', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('emil')
    const page = openPage(storage)
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

  test('during a refresh of another tab that does not know of it yet', async () => {
    const storage = memoryStorage()
    const tokens = await server.signIn('frida')
    const page = openPage(storage)
    page.adoptSession({ ...tokens, expires_in: 0 })
    const otherTab = openPage(storage)
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

  test('without ending the session of another user, if it is unfinished', async () => {
    const storage = memoryStorage()
    const [first, second] = [await server.signIn('gerd'), await server.signIn('hanna')]
    const page = openPage(storage)
    page.adoptSession(first)
    goOffline()
    await page.signOut()
    page.close()
    box.interfere = () => null
    const next = openPage(storage)
    next.adoptSession(second)
    expect(await next.completeSignIn()).toMatchObject({ username: 'hanna' })
    expect([await sessionsOf(first), await sessionsOf(second)]).toEqual([0, 1])
    expect(await next.accessToken()).toBe(second.access_token)
  })

  test('with a full storage and invalid entries', async () => {
    const full: TokenStorage = {
      getItem: (key) => (key.endsWith('sign-outs') ? '[null, 7, {"everywhere":1}]' : null),
      setItem() {
        throw new DOMException('full', 'QuotaExceededError')
      },
      removeItem: () => undefined,
    }
    const tokens = await server.signIn('igor')
    const page = openPage(full)
    page.adoptSession(tokens)
    await page.signOut()
    expect(await sessionsOf(tokens)).toBe(0)
  })
})
