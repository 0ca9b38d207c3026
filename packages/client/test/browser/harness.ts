import { resolve } from 'node:path'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { launchBrowser } from '@focus-api/test-kit/browsers/browser'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { type Site, startSite } from '@focus-api/test-kit/browsers/site'

/** An application on a separate origin, a Focus server, and a browser. */
export interface Harness {
  readonly server: FocusDev
  readonly browser: Browser
  /** Origin of the pages. */
  readonly siteUrl: string
  /** Opens a page, and records its errors and sockets. */
  open(context: BrowserContext, name: 'plain' | 'react', query?: Record<string, string>): Promise<OpenPage>
  stop(): Promise<void>
}

export interface OpenPage {
  readonly page: Page
  /** Errors and warnings of the console, and uncaught exceptions. */
  readonly complaints: string[]
  /** Addresses of the WebSockets that the page opened. */
  readonly sockets: string[]
}

export async function startHarness(): Promise<Harness> {
  const [plain, react] = await Promise.all([bundle('plain.ts'), bundle('react.tsx')])
  const site = await startSite({ '/plain': plain, '/react': react })
  const [server, browser] = await Promise.all([startFocusDev({ env: { FOCUS_RETURN_TO: site.url } }), launchBrowser()])
  return {
    server,
    browser,
    siteUrl: site.url,
    open: (context, name, query = {}) => openPage(site, `${server.url}/api`, context, name, query),
    async stop() {
      await browser.close()
      await site.stop()
      await server.stop()
    },
  }
}

/** Opens a page that uses the API at `api`. */
export async function openPage(
  site: Site,
  api: string,
  context: BrowserContext,
  name: string,
  query: Record<string, string>,
): Promise<OpenPage> {
  const page = await context.newPage()
  const complaints: string[] = []
  const sockets: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('websocket', (socket) => sockets.push(socket.url()))
  await page.goto(`${site.url}/${name}?${new URLSearchParams({ api, ...query })}`)
  return { page, complaints, sockets }
}

/** Returns a module of `pages/`, bundled as an HTML page. */
export async function bundle(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve(import.meta.dirname, 'pages', file)],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    conditions: ['@focus-api/source'],
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  const code = (outputFiles[0]?.text ?? '').replaceAll('</script', String.raw`<\/script`)
  return `<!doctype html><html lang="fr"><meta charset="utf-8"><link rel="icon" href="data:,"><div id="root"></div><script type="module">${code}</script>`
}
