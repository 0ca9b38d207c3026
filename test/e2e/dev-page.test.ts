import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { type FocusDev, focusJson, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { freePort } from '@focus-api/test-kit/servers/ports'
import { signInAs } from '@focus-api/test-kit/browsers/provider-page'

const artifacts = resolve(import.meta.dirname, '../../artifacts')

let server: FocusDev
let browser: Browser
let page: Page

beforeAll(async () => {
  mkdirSync(artifacts, { recursive: true })
  server = await startFocusDev({ args: ['--port', String(await freePort())] })
  browser = await launchBrowser()
  const context = await browser.newContext({
    locale: 'fr-FR',
    viewport: { width: 1200, height: 760 },
    reducedMotion: 'reduce',
  })
  page = await context.newPage()
  return async () => {
    await browser.close()
    await server.stop()
  }
})

/** When a notification of this title is on the page, in milliseconds since 1970. */
function shownAt(title: string): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((done) => {
        const look = () => {
          const titles = [...document.querySelectorAll('#notifications h3')].map((each) => each.textContent)
          if (titles.includes(wanted)) done(Date.now())
          else requestAnimationFrame(look)
        }
        look()
      }),
    title,
  )
}

describe('the page of focus dev, from sign-in to restart', () => {
  test('signs a user in through the provider and connects', async () => {
    await page.goto(server.url)
    await page.getByRole('button', { name: 'Se connecter avec Google' }).click()
    await page.waitForURL((url) => url.origin === new URL(server.issuer).origin)
    await signInAs(page, 'alice')
    await page.waitForURL((url) => url.origin === server.url)
    await page.getByText('En direct').waitFor()
    expect(new URL(page.url()).search).toBe('')
  })

  test('shows what focus notify sends', async ({ annotate }) => {
    const latencies: number[] = []
    for (const title of ['Bonjour', 'Encore', 'Et encore']) {
      const shown = shownAt(title)
      const began = Date.now()
      await focusJson(server, ['notify', 'alice', '--title', title, '--message', 'Ça marche', '--type', 'success'])
      latencies.push((await shown) - began)
    }
    // How fast that is on a quiet machine is for benchmarks to say: here it also starts three processes beside a browser.
    await annotate(`focus notify, from process start to the page: ${latencies.join(', ')} ms`, 'measured')
  })

  test('is counted by focus stats', async () => {
    expect(await focusJson(server, ['stats'])).toMatchObject({ active_users: 1, active_connections: 1 })
  })

  test('shows the guide’s notifications', async () => {
    const shown = shownAt('Limite bientot atteinte')
    await focusJson(server, ['notify', 'alice', '--limit-warning', 'Instagram', '80'])
    await focusJson(server, ['notify', 'alice', '--app-blocked', 'TikTok'])
    await shown
    await page.getByText('TikTok').first().waitFor()
    await page.screenshot({ path: resolve(artifacts, 'page.png'), animations: 'disabled' })
  })

  test('ends on SIGTERM with nothing left behind', async () => {
    expect(await server.end('SIGTERM')).toBe(0)
    await expect(fetch(`${server.url}/api/health`)).rejects.toThrow('fetch failed')
    await expect(fetch(server.issuer)).rejects.toThrow('fetch failed')
    await page.getByText('Reconnexion…').waitFor()
  })

  test('keeps users, notifications and the session of the page across a restart', async () => {
    server = await startFocusDev({ data: server.data, args: ['--port', new URL(server.url).port] })
    await page.getByText('En direct').waitFor()
    const shown = shownAt('De retour')
    const receipt = await focusJson(server, ['notify', 'alice', '--title', 'De retour', '--message', 'Rien de perdu'])
    expect(receipt).toMatchObject({ outcome: 'created', offset: 6 })
    await shown
    await page.reload()
    await page.getByText('Et encore').waitFor()
    expect(await page.locator('#notifications li').count()).toBe(6)
  })
})
