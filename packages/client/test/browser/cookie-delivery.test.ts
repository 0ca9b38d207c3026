import type { BrowserContext, Page } from 'playwright-core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { TestIssuer } from '../../../core/test/auth/support/issuer.ts'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { startSite } from '@focus-api/test-kit/browsers/site'
import { type FocusServer, startFocusServer } from '../support/focus-server.ts'
import { bundle, openPage, type OpenPage } from './harness.ts'

let server: FocusServer
let api: string
let newContext: () => Promise<BrowserContext>
let open: (context: BrowserContext) => Promise<OpenPage>

beforeAll(async () => {
  const issuer = await TestIssuer.start()
  const site = await startSite({ '/plain': await bundle('plain.ts') })
  const { clientId, clientSecret } = issuer
  server = await startFocusServer({
    allowedOrigins: [site.url],
    returnTo: [site.url],
    oauth: { refreshDelivery: 'cookie' },
    google: { clientId, clientSecret, issuer: issuer.url },
  })
  const browser = await launchBrowser()
  // The same site as the page's: browsers do not send strict cookies to other sites.
  api = server.url.replace('127.0.0.1', 'localhost')
  newContext = async () => {
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    return context
  }
  open = (context) => openPage(site, api, context, 'plain', { cookie: '' })
  return async () => {
    await browser.close()
    await server.stop()
    await site.stop()
    await issuer.close()
  }
})

const ready = (page: Page) => page.waitForFunction(() => document.title === 'ready')
const isSignedIn = (page: Page) => page.evaluate(() => window.focusClient.isSignedIn)

async function signIn(page: Page): Promise<void> {
  await ready(page)
  await page.evaluate(() => window.focusClient.signIn('google'))
  await page.waitForFunction(() => window.focusClient?.isSignedIn && document.title === 'ready')
}

async function sessions(): Promise<number> {
  const [user] = await server.focus.auth.users.list({ limit: 1 })
  return user ? (await server.focus.auth.sessions.list(String(user.id))).length : 0
}

test('with cookie delivery, scripts cannot read the refresh token, and a reload restores the session until its end', async () => {
  const context = await newContext()
  const { page, complaints } = await open(context)
  await ready(page)
  expect(await isSignedIn(page)).toBe(false)

  await signIn(page)
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0)
  const cookies = (await context.cookies(api)).filter(({ name }) => name.endsWith('focus_refresh'))
  expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }])

  await page.reload()
  await ready(page)
  expect(await page.evaluate(() => window.focusClient.user?.email)).toBe('john@gmail.com')
  await page.waitForFunction(() => window.focusClient.notifications.isConnected)

  await page.evaluate(() => window.focusClient.signOut())
  await page.reload()
  await ready(page)
  expect(await isSignedIn(page)).toBe(false)
  // The server refuses to restore a missing session, and browsers log every refusal.
  expect(complaints.filter((line) => !/400|401/.test(line))).toEqual([])
})

test('S39 A13: with cookie delivery, the next page finishes an offline sign-out, and does not restore the session', async () => {
  const context = await newContext()
  const [{ page }, { page: otherTab }] = [await open(context), await open(context)]
  await signIn(page)
  await otherTab.reload()
  await ready(otherTab)
  expect(await isSignedIn(otherTab)).toBe(true)

  await context.route('**/api/**', (route) => route.abort())
  await page.evaluate(() => window.focusClient.signOut())
  await otherTab.waitForFunction(() => !window.focusClient.isSignedIn)
  await page.reload()
  await ready(page)
  expect(await isSignedIn(page)).toBe(false)
  expect(await sessions()).toBe(1)
  // Scripts cannot read a token.
  expect(await page.evaluate(() => Object.values(localStorage))).toEqual(['[{"everywhere":false}]'])

  await context.unroute('**/api/**')
  await page.reload()
  await ready(page)
  expect(await isSignedIn(page)).toBe(false)
  await expect.poll(sessions).toBe(0)
  expect(await page.evaluate(() => localStorage.length)).toBe(0)
  await otherTab.close()
})

test('S39 A13: an earlier sign-out does not end a new sign-in', async () => {
  const context = await newContext()
  const { page } = await open(context)
  await signIn(page)
  await context.route('**/api/auth/logout', (route) => route.fulfill({ status: 503 }))
  await page.evaluate(() => window.focusClient.signOut())
  await signIn(page)
  await context.unroute('**/api/auth/logout')
  await page.reload()
  await ready(page)
  expect(await page.evaluate(() => window.focusClient.user?.email)).toBe('john@gmail.com')
  expect(await page.evaluate(() => localStorage.length)).toBe(0)
})
