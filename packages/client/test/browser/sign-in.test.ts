import { createHash } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { focusJson } from '@focus-api/test-kit/focus/focus-dev'
import { type Harness, startHarness } from './harness.ts'

let harness: Harness

beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness.stop())

async function newContext(): Promise<BrowserContext> {
  const context = await harness.browser.newContext()
  onTestFinished(() => context.close())
  return context
}

const ready = (page: Page) => page.waitForFunction(() => document.title === 'ready')

async function signIn(page: Page, name: string): Promise<void> {
  await ready(page)
  await page.evaluate((loginHint) => window.focusClient.signIn('google', { loginHint }), name)
  await page.waitForFunction(() => window.focusClient?.user !== null && document.title === 'ready')
}

/** Returns a single-use code of a sign-in that was started and completed in another browser. */
async function codeOfAnotherBrowser(): Promise<string> {
  const challenge = createHash('sha256').update('a verifier that the other page does not have').digest('base64url')
  let url = new URL(`${harness.server.url}/api/auth/google`)
  url.search = new URLSearchParams({
    redirect: '1',
    login_hint: 'mallory',
    return_to: `${harness.siteUrl}/plain`,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }).toString()
  let cookie = ''
  for (;;) {
    const code = url.searchParams.get('focus_code')
    if (code !== null) return code
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    cookie ||= response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    url = new URL(response.headers.get('location') ?? '', url)
  }
}

describe('signing in by navigation', () => {
  test('returns signed in, and no address contains a code or a token', async () => {
    const context = await newContext()
    const { page, complaints, sockets } = await harness.open(context, 'plain', { keep: 'me' })
    const before = page.url()
    const addresses: string[] = []
    page.on('request', (request) => addresses.push(request.url()))
    await signIn(page, 'alice')
    expect(await page.evaluate(() => window.focusClient.user)).toMatchObject({
      username: 'alice',
      email: 'alice@example.com',
    })
    expect(page.url()).toBe(before)
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
    await page.waitForFunction(() => window.focusClient.notifications.isConnected)
    const token = await page.evaluate(() => window.focusClient.accessToken())
    if (!token) throw new Error('The client has no token.')
    expect([...addresses, ...sockets].some((address) => address.includes(token))).toBe(false)
    expect(complaints).toEqual([])
  })

  test('simultaneous calls of completeSignIn use a code once', async () => {
    const { page } = await harness.open(await newContext(), 'plain')
    await signIn(page, 'alice')
    const users = await page.evaluate(() =>
      Promise.all([window.focusClient.completeSignIn(), window.focusClient.completeSignIn()]),
    )
    expect(users.map((user) => user?.username)).toEqual(['alice', 'alice'])
  })

  test('A12: a code that a proxy refuses is sent again, also by the next page', async () => {
    const { page } = await harness.open(await newContext(), 'plain')
    // The shortest waits with jitter.
    await page.addInitScript(() => Object.assign(Math, { random: () => 0 }))
    await page.reload()
    await ready(page)
    let tries = 0
    await page.route('**/api/auth/token', (route) => {
      tries += 1
      return tries === 1 ? route.fulfill({ status: 403, contentType: 'text/html', body: 'no' }) : route.continue()
    })
    await signIn(page, 'alice')
    expect(tries).toBe(2)

    await page.evaluate(() => window.focusClient.signOut())
    await page.unroute('**/api/auth/token')
    await page.route('**/api/auth/token', (route) =>
      route.fulfill({ status: 503, contentType: 'text/html', headers: { 'retry-after': '0' }, body: 'no' }),
    )
    await page.evaluate(() => window.focusClient.signIn('google', { loginHint: 'alice' }))
    await page.waitForFunction(() => window.problem === 'http_503')
    expect(page.url()).not.toContain('focus_code')
    await page.unroute('**/api/auth/token')
    await page.reload()
    await ready(page)
    expect(await page.evaluate(() => window.focusClient.user?.username)).toBe('alice')
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
  })

  test('S39 A13: a stored code does not sign in after a sign-out', async () => {
    const { page } = await harness.open(await newContext(), 'plain')
    await page.addInitScript(() => Object.assign(Math, { random: () => 0 }))
    await page.reload()
    await ready(page)
    await page.route('**/api/auth/token', (route) =>
      route.fulfill({ status: 503, contentType: 'text/html', body: 'no' }),
    )
    await page.evaluate(() => window.focusClient.signIn('google', { loginHint: 'alice' }))
    await page.waitForFunction(() => window.problem === 'http_503')
    await page.evaluate(() => window.focusClient.signOut())
    await page.unroute('**/api/auth/token')
    await page.reload()
    await ready(page)
    expect(await page.evaluate(() => window.focusClient.user)).toBeNull()
  })

  test('two tabs sign in at the same time', async () => {
    const context = await newContext()
    const [one, two] = await Promise.all([harness.open(context, 'plain'), harness.open(context, 'plain')])
    await Promise.all([signIn(one.page, 'alice'), signIn(two.page, 'alice')])
    expect(one.complaints.concat(two.complaints)).toEqual([])
  })

  test('a link with a code of another browser does not sign in', async () => {
    const code = await codeOfAnotherBrowser()
    const victim = await harness.open(await newContext(), 'plain', { focus_code: code })
    await ready(victim.page)
    expect(await victim.page.evaluate(() => [window.problem, window.focusClient.user])).toEqual(['invalid_grant', null])
    expect(victim.page.url()).not.toContain('focus_code')
  })

  test('an `error` of the application stays in the address', async () => {
    const { page } = await harness.open(await newContext(), 'plain', { error: 'mine' })
    await ready(page)
    expect(page.url()).toContain('error=mine')
    expect(await page.evaluate(() => window.problem)).toBeNull()
  })

  test('a refused sign-in rejects, and its error leaves the address', async () => {
    const { page } = await harness.open(await newContext(), 'plain')
    await ready(page)
    // The provider's answer if the user declines, instead of its page.
    await page.route(/\/api\/auth\/google\?/, async (route) => {
      const started = await route.fetch({ maxRedirects: 0 })
      const provider = new URL(started.headers()['location'] ?? '').searchParams
      const back = new URL(provider.get('redirect_uri') ?? '')
      back.search = new URLSearchParams({ error: 'access_denied', state: provider.get('state') ?? '' }).toString()
      await route.fulfill({ status: 302, headers: { ...started.headers(), location: back.href } })
    })
    await page.evaluate(() => window.focusClient.signIn('google', { loginHint: 'alice' }))
    await page.waitForFunction(() => window.problem === 'access_denied')
    expect(page.url()).not.toContain('error')
  })
})

describe('tabs of one browser', () => {
  test('share a sign-in and a sign-out', async () => {
    const context = await newContext()
    const [one, two] = [await harness.open(context, 'plain'), await harness.open(context, 'plain')]
    await ready(two.page)
    await signIn(one.page, 'bob')
    await two.page.waitForFunction(() => window.focusClient.user?.username === 'bob')
    await two.page.waitForFunction(() => window.focusClient.notifications.isConnected)
    await one.page.evaluate(() => window.focusClient.signOut())
    await two.page.waitForFunction(() => window.focusClient.notifications.state.status === 'closed')
    expect(await two.page.evaluate(() => window.focusClient.user)).toBeNull()
    expect(await two.page.evaluate(() => localStorage.getItem('focus'))).toBeNull()
  })

  test('refresh at the same time without ending the session', async () => {
    const context = await newContext()
    const [one, two] = [await harness.open(context, 'plain'), await harness.open(context, 'plain')]
    await signIn(one.page, 'carol')
    await two.page.waitForFunction(() => window.focusClient.user !== null)
    // Like an hour later.
    const expire = () => {
      const stored = JSON.parse(localStorage.getItem('focus') ?? '{}')
      localStorage.setItem('focus', JSON.stringify({ ...stored, expiresAt: 0 }))
      window.dispatchEvent(new StorageEvent('storage', { key: 'focus', storageArea: localStorage }))
    }
    const refreshToken = () => JSON.parse(localStorage.getItem('focus') ?? '{}').refresh
    for (let round = 0; round < 3; round += 1) {
      await one.page.evaluate(expire)
      await two.page.evaluate(expire)
      // A tab may not know the other's new token yet. The server's grace period then returns the same pair to both.
      const tokens = await Promise.all(
        [one, two].map(({ page }) => page.evaluate(() => window.focusClient.accessToken())),
      )
      expect(tokens).toEqual([expect.stringMatching(/^ey/), expect.stringMatching(/^ey/)])
      const kept = await one.page.evaluate(refreshToken)
      await expect.poll(() => two.page.evaluate(refreshToken)).toBe(kept)
    }
    expect(await two.page.evaluate(() => window.focusClient.user?.username)).toBe('carol')
  })
})

describe('notifications on a page', () => {
  test('arrive, and after a reload only new ones arrive', async () => {
    const { page } = await harness.open(await newContext(), 'plain')
    await signIn(page, 'dora')
    await page.waitForFunction(() => window.focusClient.notifications.isConnected)
    await focusJson(harness.server, ['notify', 'dora', '--title', 'One', '--message', 'M'])
    await page.waitForFunction(() => window.received.includes('One'))
    await page.reload()
    await ready(page)
    await page.waitForFunction(() => window.focusClient.notifications.isConnected)
    expect(await page.evaluate(() => window.focusClient.notifications.unreadCount)).toBe(1)
    await focusJson(harness.server, ['notify', 'dora', '--title', 'Two', '--message', 'M'])
    await page.waitForFunction(() => window.received.includes('Two'))
    expect(await page.evaluate(() => window.received)).toEqual(['Two'])
  })

  test('the client sends a ping when the browser goes offline, and reconnects immediately when it is online or visible', async () => {
    const { page } = await harness.open(await newContext(), 'plain')
    let cut: () => void = () => undefined
    // The longest wait with jitter.
    await page.addInitScript(() => Object.assign(Math, { random: () => 1 }))
    await page.routeWebSocket(/\/ws\/notifications/, (socket) => {
      socket.connectToServer()
      cut = () => void socket.close({ code: 4012, reason: 'no pong' })
    })
    await signIn(page, 'erik')
    const isOpen = () => page.waitForFunction(() => window.focusClient.notifications.isConnected)
    await isOpen()
    const answer = await page.evaluate(
      () =>
        new Promise((resolve) => {
          window.focusClient.notifications.on('message', ({ type }) => resolve(type))
          window.dispatchEvent(new Event('offline'))
        }),
    )
    expect(answer).toBe('pong')

    for (const name of ['online', 'visibilitychange']) {
      await page.evaluate((type) => {
        const { notifications } = window.focusClient
        const outcome = Promise.withResolvers<string>()
        const stop = notifications.on('state', ({ status }) => {
          if (status !== 'reconnecting') return
          stop()
          queueMicrotask(() => {
            const target = type === 'online' ? window : document
            target.dispatchEvent(new Event(type))
            outcome.resolve(notifications.state.status)
          })
        })
        Object.assign(window, { outcome: outcome.promise })
      }, name)
      cut()
      expect(await page.evaluate(() => Reflect.get(window, 'outcome'))).toBe('connecting')
      await isOpen()
    }
  })
})
