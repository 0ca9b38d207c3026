import { resolve } from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { type FocusDev, focusJson, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { type Site, startSite } from '@focus-api/test-kit/browsers/site'
import { codeBlock, pointedAt } from './guide.ts'

let server: FocusDev
let browser: Browser
let context: BrowserContext
let site: Site

beforeAll(async () => {
  server = await startFocusDev()
  browser = await launchBrowser()
  const [hook, application] = await Promise.all([
    bundle(codeBlock('javascript', 'function useWebSocket(token)'), 'App'),
    bundle(codeBlock('javascript', 'function FocusApp()'), 'FocusApp'),
  ])
  site = await startSite({ '/hook': { script: hook }, '/application': { script: application }, '/empty': '' })
  context = await browser.newContext()
  await context.grantPermissions(['notifications'], { origin: site.url })
  // The browser's own notifications are outside of the page; keep what the page asked for.
  await context.addInitScript(() => {
    const shown: unknown[] = []
    Object.assign(window, {
      shown,
      Notification: class extends Notification {
        constructor(title: string, options?: NotificationOptions) {
          super(title, options)
          shown.push({ title, ...options })
        }
      },
    })
  })
  return async () => {
    await browser.close()
    await site.stop()
    await server.stop()
  }
})

/** The guide's module as an application's bundler makes it: JSX compiled, React included, its component mounted. */
async function bundle(code: string, component: string): Promise<string> {
  const mount = `
    import { createRoot } from 'react-dom/client'
    import { StrictMode } from 'react'
    createRoot(document.getElementById('root')).render(<StrictMode><${component} /></StrictMode>)
  `
  const { outputFiles } = await build({
    stdin: {
      contents: pointedAt(code, server) + mount,
      loader: 'jsx',
      resolveDir: resolve(import.meta.dirname, '../..'),
    },
    bundle: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  return outputFiles[0]?.text ?? ''
}

async function open(path: string, name: string): Promise<Page> {
  const { access_token: token } = await signIn(server, name)
  const page = await context.newPage()
  await page.goto(`${site.url}/empty`)
  await page.evaluate((value) => localStorage.setItem('access_token', value), token)
  await page.goto(site.url + path)
  return page
}

describe('the guide’s React hook', () => {
  test('shows that it is connected, and each notification as it arrives', async () => {
    const page = await open('/hook', 'hugo')
    await page.getByText('Status: Connecté').waitFor()
    await focusJson(server, ['notify', 'hugo', '--app-blocked', 'TikTok'])
    await focusJson(server, ['notify', 'hugo', '--title', 'Bonjour', '--message', 'Ça marche', '--type', 'success'])
    await page.locator('.notification.success').waitFor()
    await expect.poll(() => page.locator('.notification').count()).toBe(2)
    expect(await page.locator('.notification.error p').textContent()).toContain('TikTok')
    expect(await page.locator('.notification.success').textContent()).toBe('BonjourÇa marche')
    await page.close()
  })

  test('leaves no connection behind when its page is closed', async () => {
    const page = await open('/hook', 'ines')
    await page.getByText('Status: Connecté').waitFor()
    await page.close()
    await expect.poll(() => stats()).toMatchObject({ active_connections: 0 })
  })
})

describe('the guide’s complete React application', () => {
  test('leads to the provider when the button is pressed', async () => {
    const page = await context.newPage()
    await page.goto(`${site.url}/application`)
    await page.getByRole('button', { name: 'Se connecter avec Google' }).click()
    await page.waitForURL((url) => url.origin === new URL(server.issuer).origin)
    await page.close()
  })

  test('connects with a stored token and raises a browser notification', async () => {
    const page = await open('/application', 'jeanne')
    await expect.poll(() => stats()).toMatchObject({ active_users: 1, active_connections: 1 })
    await focusJson(server, ['notify', 'jeanne', '--title', 'Bonjour', '--message', 'Ça marche'])
    await page.waitForFunction('window.shown.length > 0')
    expect(await page.evaluate('window.shown')).toEqual([{ title: 'Bonjour', body: 'Ça marche', icon: '/logo.png' }])
    await page.close()
  })
})

async function stats(): Promise<unknown> {
  const response = await fetch(`${server.url}/api/ws/stats`)
  return response.json()
}
