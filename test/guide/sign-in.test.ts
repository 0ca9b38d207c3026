import type { Browser } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signInAs } from '@focus-api/test-kit/browsers/provider-page'
import { type Site, startSite } from '@focus-api/test-kit/browsers/site'
import { codeBlock, pointedAt } from './guide.ts'

let server: FocusDev
let browser: Browser
let site: Site

beforeAll(async () => {
  server = await startFocusDev()
  browser = await launchBrowser()
  const functions = pointedAt(codeBlock('javascript', 'async function handleGoogleCallback'), server)
  site = await startSite({
    '/': { script: `${functions}\nloginWithGoogle()` },
    '/auth/google/callback': { script: `${functions}\nhandleGoogleCallback()` },
    '/dashboard': { script: 'document.title = "dashboard"' },
  })
  return async () => {
    await browser.close()
    await site.stop()
    await server.stop()
  }
})

describe('the guide’s sign-in functions on a page of another origin', () => {
  test('sign a user in and keep both tokens', async () => {
    const page = await browser.newPage()
    await page.goto(site.url)
    await signInAs(page, 'alice')
    await page.waitForURL(`${site.url}/dashboard`)

    const tokens = await page.evaluate(() => [localStorage['access_token'], localStorage['refresh_token']])
    expect(tokens[0]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(tokens[1]).toMatch(/^\S{40,}$/)
    const me = await fetch(`${server.url}/api/auth/me`, { headers: { authorization: `Bearer ${tokens[0]}` } })
    expect(await me.json()).toMatchObject({ username: 'alice' })
    await page.close()
  })

  test('refuse a callback whose state is not the one that was stored', async () => {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    await page.goto(`${site.url}/auth/google/callback?code=x&state=forged`)
    await expect.poll(() => errors).toEqual(['Invalid state'])
    expect(page.url()).toContain('/auth/google/callback')
    await page.close()
  })
})
