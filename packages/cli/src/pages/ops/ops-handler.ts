import type { IncomingMessage, ServerResponse } from 'node:http'
import { pickLocale } from '../locale.ts'
import { sendAsset } from '../asset.ts'
import { opsHtml } from './ops-html.ts'

const assets: Readonly<Record<string, string>> = {
  '/focus/ops.js': 'text/javascript; charset=utf-8',
  '/focus/ops.css': 'text/css; charset=utf-8',
}

/**
 * Returns the handler of the operations page at `/focus`. The page is public: all data comes from the admin routes,
 * with the key that the user types. The handler returns whether the request was for the page.
 */
export function opsHandler(basePath: string): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    if (path === '/focus' || path === '/focus/') {
      response.writeHead(200, headers).end(opsHtml(pickLocale(request.headers['accept-language']), basePath))
      return true
    }
    const contentType = assets[path]
    if (contentType === undefined) return false
    const file = path.replace('/focus/', 'ops/')
    sendAsset(file, contentType, request, response).catch(() => response.writeHead(500).end())
    return true
  }
}

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}
