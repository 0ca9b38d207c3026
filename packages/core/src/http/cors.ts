import type { OriginPolicy } from '../origin-policy.ts'

const allowedHeaders = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID'
const exposedHeaders = 'Retry-After, WWW-Authenticate'

/** The answer to a preflight; without the headers for an origin that is not allowed, so that the browser refuses. */
export function preflight(request: Request, policy: OriginPolicy, methods: readonly string[]): Response {
  const headers = corsHeaders(request, policy)
  headers.set('allow', methods.join(', '))
  if (headers.has('access-control-allow-origin')) {
    headers.set('access-control-allow-methods', methods.join(', '))
    headers.set('access-control-allow-headers', allowedHeaders)
    headers.set('access-control-max-age', '600')
  }
  return new Response(null, { status: 204, headers })
}

/** The answer with what the page's origin may read of it (S26). */
export function withCors(response: Response, request: Request, policy: OriginPolicy): Response {
  const headers = corsHeaders(request, policy)
  for (const [name, value] of headers) response.headers.append(name, value)
  return response
}

function corsHeaders(request: Request, policy: OriginPolicy): Headers {
  const headers = new Headers({ vary: 'Origin' })
  const origin = request.headers.get('origin')
  if (origin === null || !policy.allows(origin)) return headers
  headers.set('access-control-allow-origin', origin)
  headers.set('access-control-expose-headers', exposedHeaders)
  if (policy.allowsCredentials(origin)) headers.set('access-control-allow-credentials', 'true')
  return headers
}
