import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { type FocusDev, focusJson, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { freePort } from '@focus-api/test-kit/servers/ports'
import { signInAs } from '@focus-api/test-kit/browsers/provider-page'

let server: FocusDev
let browser: Browser
let page: Page

beforeAll(async () => {
  server = await startFocusDev({ args: ['--port', String(await freePort())] })
  browser = await launchBrowser()
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 380, height: 760 },
    reducedMotion: 'reduce',
  })
  page = await context.newPage()
  await page.goto(server.url)
  await page.click('#sign-in')
  await page.waitForURL((url) => url.origin === new URL(server.issuer).origin)
  await signInAs(page, 'alexandra-of-a-long-name')
  await page.getByText('Live').waitFor()
  return async () => {
    await browser.close()
    await server.stop()
  }
})

describe('the page of focus dev in English, on a phone, by keyboard', () => {
  test('its buttons send in its language, other senders in the default one', async () => {
    for (const [button, title] of [
      ['simple', 'New activity'],
      ['limit', 'Limit almost reached'],
      ['challenge', 'October challenge'],
    ] as const) {
      await page.click(`[data-sample="${button}"]`)
      await page.getByRole('heading', { name: title, exact: true }).waitFor()
    }
    await focusJson(server, ['notify', 'alexandra-of-a-long-name@example.com', '--app-blocked', 'TikTok'])
    await page.getByRole('heading', { name: 'Application bloquee' }).waitFor()
  })

  test('shows the whole e-mail, and a date on one line', async () => {
    const email = page.locator('#person-email')
    expect(await email.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)).toBe(true)
    const lines = await page.locator('#notifications time').evaluateAll((times) =>
      times.map((time) => {
        const range = document.createRange()
        range.selectNodeContents(time)
        return range.getClientRects().length
      }),
    )
    expect(lines).toEqual([1, 1, 1, 1])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380)
  })

  test('keeps the focus at the read notification, then at the list, then at the sign-in', async () => {
    await page.locator('#notifications .read').first().press('Enter')
    await page.locator('#notifications li:focus.is-read').waitFor()
    await page.locator('#read-all').waitFor()
    await page.focus('#read-all')
    await page.keyboard.press('Enter')
    await page.locator('#list-title:focus').waitFor()
    await page.locator('#read-all').waitFor({ state: 'hidden' })
    // The answer before the next frame, until when a button that is gone still counts as focused.
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'locks', { value: undefined })
      window.fetch = () => Promise.resolve(new Response(null, { status: 204 }))
    })
    await page.focus('#sign-out')
    await page.keyboard.press('Enter')
    await page.locator('#sign-in:focus').waitFor()
  })
})
