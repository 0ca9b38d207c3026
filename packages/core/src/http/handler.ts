import { createHash, timingSafeEqual } from 'node:crypto'
import type { Principal } from '../auth/types.ts'
import type { ClientAddress } from '../client-address.ts'
import { FocusError } from '../errors.ts'
import type { OriginPolicy } from '../origin-policy.ts'
import type { Logger } from '../runtime.ts'
import { preflight, withCors } from './cors.ts'
import type { RateLimits } from './rate-limits.ts'
import { problem } from './responses.ts'
import type { RequestInfo, Route } from './route.ts'
import { Router } from './router.ts'

export interface HandlerDependencies {
  readonly routes: readonly Route[]
  /** Without a slash at its end, such as `/api`; empty for the root. */
  readonly basePath: string
  readonly adminKey: string | null
  readonly origins: OriginPolicy
  readonly clientAddress: ClientAddress
  readonly limits: RateLimits
  readonly authenticate: (headers: Headers) => Promise<Principal | null>
  readonly logger: Logger
}

/** What answers at a path: for documents and gateways. */
export type RouteInfo = Pick<Route, 'method' | 'path' | 'access'>

export interface Handler {
  readonly routes: readonly RouteInfo[]
  /** Whether a path is one of our routes; what is not goes on to the host's next handler. */
  handles(pathname: string): boolean
  fetch(request: Request, info?: RequestInfo): Promise<Response>
}

/** The longest URL that is looked at; a callback's query is well below it (S11). */
const maxUrlLength = 8_192

/** All routes as one `(Request) → Response`: finds the route, checks who may, answers errors as problems. Never rejects. */
export function createHandler(dependencies: HandlerDependencies): Handler {
  const { basePath, origins, logger } = dependencies
  const router = new Router(dependencies.routes)
  const pathBelow = (pathname: string) =>
    pathname === basePath || pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) || '/' : null

  async function answer(request: Request, info: RequestInfo): Promise<Response> {
    if (request.url.length > maxUrlLength) {
      throw new FocusError('invalid_request', `The URL is longer than ${maxUrlLength} characters.`)
    }
    const url = new URL(request.url)
    const path = pathBelow(url.pathname)
    const methods = path === null ? [] : router.methods(path)
    if (path === null || methods.length === 0) throw new FocusError('not_found', `Nothing answers at ${url.pathname}.`)
    if (request.method === 'OPTIONS') return preflight(request, origins, methods)
    const match = router.find(request.method, path)
    if (!match) return notAllowed(request, url, methods)
    const { route, params } = match
    if (route.once === true && isPrefetch(request.headers)) throw prefetchRefused()
    try {
      const clientAddress = dependencies.clientAddress(info.remoteAddress, request.headers.get('x-forwarded-for'))
      if (route.limit) await dependencies.limits.check(route.limit, clientAddress)
      const principal = await admit(route, request, dependencies)
      return await route.handle({ request, url, params, clientAddress, principal })
    } catch (error) {
      report(error, route, logger)
      return route.refuse?.(error, { request, url, params }) ?? problem(error, { oauth: route.oauth === true })
    }
  }

  return {
    routes: Object.freeze(
      dependencies.routes.map(({ method, path, access }) => Object.freeze({ method, path, access })),
    ),
    handles(pathname) {
      const path = pathBelow(pathname)
      return path !== null && router.has(path)
    },
    async fetch(request, info = {}) {
      const response = await answer(request, info).catch((error: unknown) => problem(error))
      const visible = request.method === 'OPTIONS' ? response : withCors(response, request, origins)
      return request.method === 'HEAD' ? new Response(null, visible) : visible
    },
  }
}

function notAllowed(request: Request, url: URL, methods: readonly string[]): Response {
  const error = new FocusError('method_not_allowed', `${url.pathname} does not answer ${request.method}.`, {
    hint: `Use ${methods.join(', ')}.`,
  })
  const response = problem(error)
  response.headers.set('allow', methods.join(', '))
  return response
}

/** A browser or a scanner that loads a page before anybody opened it: Fetch Metadata's header, and two older ones. */
function isPrefetch(headers: Headers): boolean {
  return (
    /^prefetch\b/i.test(headers.get('sec-purpose') ?? '') ||
    headers.get('purpose')?.toLowerCase() === 'prefetch' ||
    headers.get('x-moz')?.toLowerCase() === 'prefetch'
  )
}

/** Not a success, which the browser would show in place of the page that the person then opens. */
function prefetchRefused(): FocusError {
  return new FocusError('prefetch_refused', 'This address does something, and only once; nobody has opened it yet.', {
    hint: 'Open it without prefetching.',
  })
}

async function admit(route: Route, request: Request, dependencies: HandlerDependencies): Promise<Principal | null> {
  if (route.access === 'public') return null
  if (route.access === 'admin') {
    checkAdminKey(request.headers.get('authorization'), dependencies.adminKey)
    return null
  }
  const principal = await dependencies.authenticate(request.headers)
  if (principal) return principal
  throw new FocusError('unauthenticated', 'This route needs an access token.', {
    hint: 'Send the header Authorization: Bearer <access_token>.',
  })
}

/** @throws FocusError `admin_key_missing`, `unauthenticated`, `invalid_admin_key` */
function checkAdminKey(authorization: string | null, adminKey: string | null): void {
  if (adminKey === null) {
    throw new FocusError('admin_key_missing', 'Admin routes are closed because no admin key is configured.', {
      hint: 'Set FOCUS_ADMIN_KEY to a long random value and start the server again.',
    })
  }
  const presented = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (presented === undefined) {
    throw new FocusError('unauthenticated', 'This route needs the admin key.', {
      hint: 'Send the header Authorization: Bearer <FOCUS_ADMIN_KEY>.',
    })
  }
  if (!timingSafeEqual(sha256(presented), sha256(adminKey))) {
    throw new FocusError('invalid_admin_key', 'The admin key is not the one that this server was started with.', {
      hint: 'Compare FOCUS_ADMIN_KEY here and on the server.',
    })
  }
}

/** Equal lengths for the comparison in constant time. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function report(error: unknown, route: Route, logger: Logger): void {
  const where = { route: `${route.method} ${route.path}` }
  if (!(error instanceof FocusError)) {
    logger.error('A route failed', {
      ...where,
      error: error instanceof Error ? `${error.name}: ${error.stack}` : String(error),
    })
  } else if (error.status >= 500) {
    logger.error('A route failed', { ...where, code: error.code, message: error.message })
  } else {
    logger.debug('A request was refused', { ...where, code: error.code })
  }
}
