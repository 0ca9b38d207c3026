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
import { DecidedAdmission } from './decided-admission.ts'
import type { Admission, Credentials, RequestHead } from './request/request-head.ts'
import { problem, toResponse } from './responses.ts'
import type { RequestInfo, Route, RouteInfo } from './route.ts'
import { type Match, Router } from './router.ts'

export interface HandlerDependencies {
  readonly routes: readonly Route[]
  /** Without a slash at its end, such as `/api`; empty for the root. */
  readonly basePath: string
  readonly adminKey: string | null
  readonly origins: OriginPolicy
  readonly control: AdmissionControl
  /** Returns the principal of a token that was verified before; null for any other token. */
  readonly knownToken: (token: string) => Principal | null
  /** @throws FocusError `invalid_token`, `token_expired`, `session_revoked` */
  readonly verify: (credentials: Credentials) => Promise<Principal>
  readonly bodyTimeoutMs: number
  readonly logger: Logger
}

export interface Handler {
  readonly routes: readonly RouteInfo[]
  /** Returns whether any route has this path; the host handles all other paths. */
  handles(pathname: string): boolean
  /** Decides from its head whether a request is served. Never throws. */
  admit(head: RequestHead): Admission
  fetch(request: Request, info?: RequestInfo): Promise<Response>
}

/** Longer URLs are refused; the query of a callback is well below this (S11). */
const maxUrlLength = 8_192

/** Requests that return tokens: a successful one marks the client's address as known. */
const signsIn: ReadonlySet<Route['limit']> = new Set(['callback', 'redeem', 'refresh'] as const)

/**
 * Combines all routes into one `(Request) => Promise<Response>`: finds the route, checks access, and answers errors as
 * RFC 9457 problems. The methods of the returned handler never reject.
 */
export function createHandler(dependencies: HandlerDependencies): Handler {
  return new RouteHandler(dependencies)
}

class RouteHandler implements Handler {
  readonly routes: readonly RouteInfo[]
  readonly #deps: HandlerDependencies
  readonly #router: Router
  readonly #admitter: Admitter

  constructor(dependencies: HandlerDependencies) {
    const { routes } = dependencies
    this.routes = Object.freeze(routes.map(({ method, path, access }) => Object.freeze({ method, path, access })))
    this.#deps = dependencies
    this.#router = new Router(routes)
    this.#admitter = new Admitter({ ...dependencies, find: (method, pathname) => this.#find(method, pathname) })
  }

  handles(pathname: string): boolean {
    const path = this.#below(pathname)
    return path !== null && this.#router.has(path)
  }

  admit(head: RequestHead): Admission {
    try {
      return this.#admitter.admit(head)
    } catch {
      // `fetch` runs into the same error and answers it.
      return { refusal: null, bodyTimeoutMs: this.#deps.bodyTimeoutMs }
    }
  }

  async fetch(request: Request, info: RequestInfo = {}): Promise<Response> {
    const response = await this.#answer(request, info).catch((error: unknown) => problem(error))
    const visible = request.method === 'OPTIONS' ? response : withCors(response, request, this.#deps.origins)
    return request.method === 'HEAD' ? new Response(null, visible) : visible
  }

  async #answer(request: Request, info: RequestInfo): Promise<Response> {
    if (request.url.length > maxUrlLength) {
      throw new FocusError('invalid_request', `The URL is longer than ${maxUrlLength} characters.`)
    }
    const url = new URL(request.url)
    const admission = decidedFor(request.method, url.pathname, info) ?? this.#admitter.admit(headOf(request, url, info))
    if (admission.refusal !== null) return toResponse(admission.refusal)
    if (admission.match === null) return this.#unmatched(request, url)
    return this.#run(request, url, admission, admission.match)
  }

  /** Runs a route, and answers its errors. */
  async #run(request: Request, url: URL, admission: DecidedAdmission, { route, params }: Match): Promise<Response> {
    const { control, logger, bodyTimeoutMs } = this.#deps
    const { client, overBudget, credentials } = admission
    // Admission does not count prefetches.
    if (client === null) throw prefetchRefused()
    const refusal = (error: unknown) =>
      route.refuse?.(error, { request, url, params }) ?? problem(error, { oauth: route.oauth === true })
    if (overBudget !== null) return refusal(refusalError(overBudget))
    limitBodyTime(request, bodyTimeoutMs)
    try {
      const principal = admission.principal ?? (await this.#verified(credentials, costOf(route, url.search), client))
      const spend = (units: number) => principal && control.charge(principal.userKey, units, client)
      const response = await route.handle({
        request,
        url,
        params,
        clientAddress: client.address,
        client,
        principal,
        spend,
      })
      if (signsIn.has(route.limit) && response.status === 200) control.remember(client)
      return response
    } catch (error) {
      report(error, route, logger)
      return refusal(error)
    }
  }

  /** Verifies credentials that were not seen before, and charges the user for the request. */
  async #verified(credentials: Credentials | null, cost: number, client: Client): Promise<Principal | null> {
    if (credentials === null) return null
    const { control, verify } = this.#deps
    const principal = await trial(control, client, () => verify(credentials))
    const refusal = control.user(principal.userKey, cost, client)
    if (refusal !== null) throw refusalError(refusal)
    return principal
  }

  /** Answers a request that no route matches: a preflight, 405 or 404. */
  #unmatched(request: Request, url: URL): Response {
    const path = this.#below(url.pathname)
    const methods = path === null ? [] : this.#router.methods(path)
    if (methods.length === 0) throw new FocusError('not_found', `Nothing answers at ${url.pathname}.`)
    if (request.method === 'OPTIONS') return preflight(request, this.#deps.origins, methods)
    return notAllowed(request, url, methods)
  }

  #find(method: string, pathname: string): Match | null {
    const path = this.#below(pathname)
    return path === null ? null : this.#router.find(method, path)
  }

  /** Returns the path relative to the base path; null if it lies outside. */
  #below(pathname: string): string | null {
    const { basePath } = this.#deps
    if (pathname !== basePath && !pathname.startsWith(`${basePath}/`)) return null
    return pathname.slice(basePath.length) || '/'
  }
}

/** Returns the adapter's earlier admission if it is of this very request: a URL may differ from its request line. */
function decidedFor(method: string, pathname: string, { admission }: RequestInfo): DecidedAdmission | null {
  const isSame = admission instanceof DecidedAdmission && admission.method === method && admission.pathname === pathname
  return isSame ? admission : null
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

/** Logs failures of the server as errors, and refusals at the debug level. */
function report(error: unknown, { method, path }: Route, logger: Logger): void {
  const route = `${method} ${path}`
  if (!(error instanceof FocusError)) {
    logger.error('A route failed', { route, error, ...(error instanceof Error && { stack: error.stack }) })
  } else if (error.status >= 500) {
    logger.error('A route failed', { route, error })
  } else {
    logger.debug('A request was refused', { route, code: error.code })
  }
}
