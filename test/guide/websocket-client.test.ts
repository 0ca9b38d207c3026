import type { Browser, Page } from 'playwright-core'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { type FocusDev, focusJson, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { type Site, startSite } from '@focus-api/test-kit/browsers/site'
import { codeBlock, pointedAt } from './guide.ts'

let server: FocusDev
let browser: Browser
let site: Site
let page: Page
const log: string[] = []

beforeAll(async () => {
  server = await startFocusDev()
  browser = await launchBrowser()
  // The functions that the guide leaves to the application: showing a notification and connecting again.
  const application = `
    function showNotification(...notification) { (window.shown ??= []).push(notification) }
    function connectWebSocket() { location.reload() }
  `
  const client = pointedAt(codeBlock('javascript', 'function sendPing()'), server)
  site = await startSite({ '/': { script: application + client }, '/empty': '<!doctype html>' })
  return async () => {
    await browser.close()
    await site.stop()
    await server.stop()
  }
})

beforeEach(async () => {
  const { access_token: token } = await signIn(server, 'alice')
  log.length = 0
  page = await browser.newPage()
  page.on('console', (message) => log.push(message.text()))
  await page.clock.install()
  await page.goto(`${site.url}/empty`)
  await page.evaluate((value) => localStorage.setItem('access_token', value), token)
  await page.goto(site.url)
  await expect.poll(() => log).toContain('Connexion confirmée')
  return () => page.close()
})

describe('the guide’s WebSocket client', () => {
  test('is confirmed and shows a notification', async () => {
    await focusJson(server, ['notify', 'alice', '--limit-warning', 'Instagram', '80'])
    await page.waitForFunction('window.shown')
    expect(await page.evaluate('window.shown')).toEqual([
      ['Limite bientot atteinte', 'Vous avez utilise 80% de votre limite pour Instagram', 'warning'],
    ])
  })

  test('pings without an error', async () => {
    const answered = page.waitForEvent('websocket', { predicate: () => true })
    await page.reload()
    const socket = await answered
    const pong = socket.waitForEvent('framereceived', {
      predicate: ({ payload }) => String(payload).includes('"pong"'),
    })
    await expect.poll(() => log.filter((line) => line === 'Connexion confirmée')).toHaveLength(2)
    await page.evaluate('sendPing()')
    await pong
    expect(log.filter((line) => line.startsWith('Erreur'))).toEqual([])
  })

  test('says that it was disconnected, and connects again after five seconds', async () => {
    await page.evaluate('disconnect()')
    await expect.poll(() => log).toContain('WebSocket déconnecté')
    await page.clock.runFor(5_000)
    await expect.poll(() => log.filter((line) => line === 'Connexion confirmée')).toHaveLength(2)
  })
})
