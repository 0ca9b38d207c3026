import type { IncomingHttpHeaders } from 'node:http'
import type { OriginPolicy } from '../../net/origin-policy.ts'
import { headerOf } from './headers.ts'

const allowedHeaders = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID'
const exposedHeaders = 'Retry-After, WWW-Authenticate'

/** Answers a preflight. The CORS headers are missing for an origin that is not allowed, so that the browser refuses. */
export function preflight(request: Request, policy: OriginPolicy, methods: readonly string[]): Response {
  const headers = new Headers({ ...corsHeaders(request.headers, policy), allow: methods.join(', ') })
  if (headers.has('access-control-allow-origin')) {
    headers.set('access-control-allow-methods', methods.join(', '))
    headers.set('access-control-allow-headers', allowedHeaders)
    headers.set('access-control-max-age', '600')
  }
  return new Response(null, { status: 204, headers })
}

/** Adds the CORS headers for the page's origin to a response (S26). */
export function withCors(response: Response, request: Request, policy: OriginPolicy): Response {
  const { vary = '', ...rest } = corsHeaders(request.headers, policy)
  if (!response.headers.get('vary')?.includes(vary)) response.headers.append('vary', vary)
  // A refusal of admission has these headers already.
  for (const [name, value] of Object.entries(rest)) response.headers.set(name, value)
  return response
}

/** Returns the CORS headers for the origin of a request. */
export function corsHeaders(headers: Headers | IncomingHttpHeaders, policy: OriginPolicy): Record<string, string> {
  const origin = headerOf(headers, 'origin')
  if (origin === null || !policy.allows(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders,
    ...(policy.allowsCredentials(origin) ? { 'access-control-allow-credentials': 'true' } : {}),
  }
}
