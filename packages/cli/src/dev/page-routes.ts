import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Focus } from '@focus-api/core'
import { sendProblem } from '../server/problem.ts'
import { pickLocale, type Locale } from '../pages/locale.ts'
import { sendAsset } from '../pages/asset.ts'
import { pageHtml } from '../pages/dev/page-html.ts'
import { answerTestNotification } from './test-notification.ts'

export interface PageOptions {
  /**
   * Address of the page. Requests for other loopback names are redirected to it, so that cookies and the redirect URI
   * match.
   */
  readonly url: string
  /** Origin of the issuer, which serves pictures. */
  readonly issuer: string | null
  readonly signIn: boolean
  /** Called after the page was sent: its user will probably sign in. */
  readonly visited: () => void
}

const icon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="10" fill="none" stroke="#3b5bdb" stroke-width="8"/></svg>'

const assets: Readonly<Record<string, string>> = {
  '/focus-page/page.js': 'text/javascript; charset=utf-8',
  '/focus-page/page.css': 'text/css; charset=utf-8',
}

/** Returns the handler for the routes beside those of Focus: the page at `/`, its files, and the test notifications. */
export function pageHandler(
  focus: Focus,
  options: PageOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    route(focus, options, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
}

async function route(
  focus: Focus,
  options: PageOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = URL.parse(request.url ?? '/', options.url)
  if (target === null) return sendProblem(response, 'invalid_request', 'The request target is not an address.')
  const readable = request.method === 'GET' || request.method === 'HEAD'
  if (target.pathname === '/' && readable) return page(options, target, request, response)
  if (target.pathname === '/focus-page/icon.svg' && readable) {
    response.writeHead(200, { 'content-type': 'image/svg+xml', 'cache-control': 'max-age=86400' }).end(icon)
    return
  }
  const contentType = assets[target.pathname]
  if (contentType !== undefined && readable) {
    return sendAsset(target.pathname.replace('/focus-page/', 'page/'), contentType, request, response)
  }
  if (target.pathname === '/focus-page/notifications' && request.method === 'POST') {
    return answerTestNotification(focus, request, response)
  }
  return sendProblem(response, 'not_found', `No route exists for ${request.method ?? 'GET'} ${target.pathname}.`)
}

function page(options: PageOptions, target: URL, request: IncomingMessage, response: ServerResponse): void {
  const own = new URL(options.url)
  const host = request.headers.host
  if (host !== undefined && host !== own.host && isOtherLoopbackName(host, own)) {
    response.writeHead(307, { location: own.origin + target.pathname + target.search }).end()
    return
  }
  const chosen = target.searchParams.get('lang')
  if (chosen === 'fr' || chosen === 'en') {
    const cookie = `focus_page_lang=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax`
    response.writeHead(303, { location: '/', 'set-cookie': cookie }).end()
    return
  }
  const body = pageHtml({ locale: localeOf(request), signIn: options.signIn })
  response
    .writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': contentSecurityPolicy(options),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    .end(body, options.visited)
}

/**
 * Whether the request uses another loopback name than the page, for example `127.0.0.1:8000` instead of
 * `localhost:8000`.
 */
function isOtherLoopbackName(host: string, own: URL): boolean {
  const names = ['localhost', '127.0.0.1', '[::1]']
  return names.includes(own.hostname) && names.some((name) => host === `${name}:${own.port}`)
}

function localeOf(request: IncomingMessage): Locale {
  const chosen = /(?:^|;\s*)focus_page_lang=(fr|en)(?:;|$)/.exec(request.headers.cookie ?? '')?.[1]
  if (chosen === 'fr' || chosen === 'en') return chosen
  return pickLocale(request.headers['accept-language'])
}

function contentSecurityPolicy({ url, issuer }: PageOptions): string {
  const pictures = ["'self'", 'https:', ...(issuer === null ? [] : [issuer])].join(' ')
  const socket = url.replace(/^http/, 'ws')
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src ${pictures}; connect-src 'self' ${socket}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`
}
