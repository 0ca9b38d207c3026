import type { AdmissionControl } from '../admission/admission-control.ts'
import type { Client } from '../admission/client.ts'
import { refusalError } from '../admission/refusal.ts'
import { trial } from '../admission/trial.ts'
import type { Principal } from '../auth/ports.ts'
import { FocusError } from '../common/errors.ts'
import type { OriginPolicy } from '../net/origin-policy.ts'
import type { Logger } from '../common/logging/logger.ts'
import { Admitter, costOf } from './admitter.ts'
import { limitBodyTime } from './request/body.ts'
import { preflight, withCors } from './request/cors.ts'
import { prefetchRefused } from './request/prefetch.ts'
import { type Admission, type Credentials, DecidedAdmission, type RequestHead } from './request/request-head.ts'
import { problem, toResponse } from './responses.ts'
import type { RequestInfo, Route } from './route.ts'
import { type Match, Router } from './router.ts'

export interface HandlerDependencies {
  readonly routes: readonly Route[]
  /** Without a slash at its end, such as `/api`; empty for the root. */
  readonly basePath: string
  readonly adminKey: string | null
  readonly origins: OriginPolicy
  readonly control: AdmissionControl
  /** What a token says that was verified before; null for any other. */
  readonly knownToken: (token: string) => Principal | null
  /** @throws FocusError `invalid_token`, `token_expired`, `session_revoked` */
  readonly verify: (credentials: Credentials) => Promise<Principal>
  readonly bodyTimeoutMs: number
  readonly logger: Logger
}

/** What answers at a path: for documents and gateways. */
export type RouteInfo = Pick<Route, 'method' | 'path' | 'access'>

export interface Handler {
  readonly routes: readonly RouteInfo[]
  /** Whether a path is one of our routes; what is not goes on to the host's next handler. */
  handles(pathname: string): boolean
  /** Whether the request with this head is served; never throws. */
  admit(head: RequestHead): Admission
  fetch(request: Request, info?: RequestInfo): Promise<Response>
}

/** The longest URL that is looked at; a callback's query is well below it (S11). */
const maxUrlLength = 8_192

/** Requests that end with tokens: whoever makes one signs in from that address. */
const signsIn: ReadonlySet<Route['limit']> = new Set(['callback', 'redeem', 'refresh'] as const)

/** All routes as one `(Request) → Response`: finds the route, checks who may, answers errors as problems. Never rejects. */
export function createHandler(dependencies: HandlerDependencies): Handler {
  const { basePath, origins, control, logger, bodyTimeoutMs } = dependencies
  const router = new Router(dependencies.routes)
  const pathBelow = (pathname: string) =>
    pathname === basePath || pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) || '/' : null
  const find = (method: string, pathname: string): Match | null => {
    const path = pathBelow(pathname)
    return path === null ? null : router.find(method, path)
  }
  const admitter = new Admitter({ ...dependencies, find })

  async function answer(request: Request, info: RequestInfo): Promise<Response> {
    if (request.url.length > maxUrlLength) {
      throw new FocusError('invalid_request', `The URL is longer than ${maxUrlLength} characters.`)
    }
    const url = new URL(request.url)
    const { pathname } = url
    const admission = decidedFor(request.method, pathname, info) ?? admitter.admit(headOf(request, url, info))
    if (admission.refusal !== null) return toResponse(admission.refusal)
    const { match, client, overBudget } = admission
    if (match === null) return unanswered(request, url)
    const { route, params } = match
    // Admission leaves these alone.
    if (client === null) throw prefetchRefused()
    if (overBudget !== null) {
      const error = refusalError(overBudget)
      return route.refuse?.(error, { request, url, params }) ?? problem(error, { oauth: route.oauth === true })
    }
    limitBodyTime(request, bodyTimeoutMs)
    try {
      const principal = admission.principal ?? (await learn(admission.credentials, costOf(route, url.search), client))
      const response = await route.handle({
        request,
        url,
        params,
        clientAddress: client.address,
        client,
        principal,
        spend: (units) => principal && control.charge(principal.userKey, units, client),
      })
      if (signsIn.has(route.limit) && response.status === 200) control.remember(client)
      return response
    } catch (error) {
      report(error, route, logger)
      return route.refuse?.(error, { request, url, params }) ?? problem(error, { oauth: route.oauth === true })
    }
  }

  /** Looks at credentials that are new here. */
  async function learn(credentials: Credentials | null, cost: number, client: Client): Promise<Principal | null> {
    if (credentials === null) return null
    const principal = await trial(control, client, () => dependencies.verify(credentials))
    const refusal = control.user(principal.userKey, cost, client)
    if (refusal !== null) throw refusalError(refusal)
    return principal
  }

  /** Where no route is for the method and the path. */
  function unanswered(request: Request, url: URL): Response {
    const path = pathBelow(url.pathname)
    const methods = path === null ? [] : router.methods(path)
    if (methods.length === 0) throw new FocusError('not_found', `Nothing answers at ${url.pathname}.`)
    return request.method === 'OPTIONS' ? preflight(request, origins, methods) : notAllowed(request, url, methods)
  }

  return {
    routes: Object.freeze(
      dependencies.routes.map(({ method, path, access }) => Object.freeze({ method, path, access })),
    ),
    handles(pathname) {
      const path = pathBelow(pathname)
      return path !== null && router.has(path)
    },
    admit(head) {
      try {
        return admitter.admit(head)
      } catch {
        // `fetch` meets the same error, and says what is wrong.
        return { refusal: null, bodyTimeoutMs }
      }
    },
    async fetch(request, info = {}) {
      const response = await answer(request, info).catch((error: unknown) => problem(error))
      const visible = request.method === 'OPTIONS' ? response : withCors(response, request, origins)
      return request.method === 'HEAD' ? new Response(null, visible) : visible
    },
  }
}

/** What the adapter was told of this very request; a URL may read differently than its request line. */
function decidedFor(method: string, pathname: string, { admission }: RequestInfo): DecidedAdmission | null {
  const isOfThis =
    admission instanceof DecidedAdmission && admission.method === method && admission.pathname === pathname
  return isOfThis ? admission : null
}

function headOf({ method, headers }: Request, { pathname, search }: URL, { remoteAddress }: RequestInfo): RequestHead {
  return { method, target: pathname + search, headers, remoteAddress }
}

function notAllowed(request: Request, url: URL, methods: readonly string[]): Response {
  const error = new FocusError('method_not_allowed', `${url.pathname} does not answer ${request.method}.`, {
    hint: `Use ${methods.join(', ')}.`,
  })
  const response = problem(error)
  response.headers.set('allow', methods.join(', '))
  return response
}

function report(error: unknown, route: Route, logger: Logger): void {
  const where = { route: `${route.method} ${route.path}` }
  if (!(error instanceof FocusError)) {
    logger.error('A route failed', { ...where, error, ...(error instanceof Error && { stack: error.stack }) })
  } else if (error.status >= 500) {
    logger.error('A route failed', { ...where, error })
  } else {
    logger.debug('A request was refused', { ...where, code: error.code })
  }
}
