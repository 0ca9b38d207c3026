import { expect, onTestFinished, test } from 'vitest'
import { TestIssuer } from '../../../core/test/auth/support/issuer.ts'
import { launchBrowser } from '../../../../test/support/browser.ts'
import { startSite } from '../../../../test/support/site.ts'
import { startFocusServer } from '../support/focus-server.ts'
import { bundle, openPage } from './harness.ts'

test('with cookie delivery no script sees a refresh token, and a reload finds the session again until it is ended', async () => {
  const issuer = await TestIssuer.start()
  onTestFinished(() => issuer.close())
  const site = await startSite({ '/plain': await bundle('plain.ts') })
  onTestFinished(() => site.stop())
  const { clientId, clientSecret } = issuer
  const server = await startFocusServer({
    allowedOrigins: [site.url],
    returnTo: [site.url],
    oauth: { refreshDelivery: 'cookie' },
    google: { clientId, clientSecret, issuer: issuer.url },
  })
  onTestFinished(() => server.stop())
  const browser = await launchBrowser()
  onTestFinished(() => browser.close())
  const context = await browser.newContext()
  // The same site as the page's, or a strict cookie would stay at home.
  const api = server.url.replace('127.0.0.1', 'localhost')
  const { page, complaints } = await openPage(site, api, context, 'plain', { cookie: '' })
  const ready = () => page.waitForFunction(() => document.title === 'ready')
  await ready()
  expect(await page.evaluate(() => window.focusClient.isSignedIn)).toBe(false)

  await page.evaluate(() => window.focusClient.signIn('google'))
  await page.waitForFunction(() => window.focusClient?.isSignedIn && document.title === 'ready')
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0)
  const cookies = (await context.cookies(api)).filter(({ name }) => name.endsWith('focus_refresh'))
  expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }])

  await page.reload()
  await ready()
  expect(await page.evaluate(() => window.focusClient.user?.email)).toBe('john@gmail.com')
  await page.waitForFunction(() => window.focusClient.notifications.isConnected)

  await page.evaluate(() => window.focusClient.signOut())
  await page.reload()
  await ready()
  expect(await page.evaluate(() => window.focusClient.isSignedIn)).toBe(false)
  // Asking for a session that is not there is refused, and browsers write down every refusal.
  expect(complaints.filter((line) => !/400|401/.test(line))).toEqual([])
})
