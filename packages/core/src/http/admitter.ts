import { timingSafeEqual } from 'node:crypto'
import type { AdmissionControl } from '../admission/admission-control.ts'
import { costs } from '../admission/budgets.ts'
import type { Client } from '../admission/client.ts'
import type { Refusal } from '../admission/refusal.ts'
import { TokenBucket } from '../admission/token-bucket.ts'
import { bearerToken } from '../common/bearer.ts'
import { sha256Bytes } from '../common/hashing.ts'
import type { Principal } from '../auth/ports.ts'
import type { OriginPolicy } from '../net/origin-policy.ts'
import { DecidedAdmission } from './decided-admission.ts'
import type { Credentials, RequestHead } from './request/request-head.ts'
import { corsHeaders } from './request/cors.ts'
import { headerOf } from './request/headers.ts'
import { isPrefetch } from './request/prefetch.ts'
import { type PreparedName, prepared, preparedRefusal } from './request/prepared.ts'
import { pathOf } from '../net/request-target.ts'
import type { Answer } from './responses.ts'
import type { Route } from './route.ts'
import type { Match } from './router.ts'

export interface AdmitterDependencies {
  readonly control: AdmissionControl
  readonly adminKey: string | null
  readonly origins: OriginPolicy
  /** Returns the principal of a token that was verified before; null for any other token. */
  readonly knownToken: (token: string) => Principal | null
  readonly bodyTimeoutMs: number
  /** Finds the route of a method and a path. */
  readonly find: (method: string, pathname: string) => Match | null
}

/**
 * Checks the head of a request: budgets, admin key, and tokens that were verified before. It is synchronous and needs no
 * `Request`, so that a refusal costs less than an answer.
 */
export class Admitter {
  readonly #deps: AdmitterDependencies
  /** A hash, because the comparison in constant time needs equal lengths. */
  readonly #adminKeyHash: Buffer | null
  /** Limits refusals that a route words itself, such as a redirect to the sign-in page. In a flood, all refusals are problems. */
  readonly #ownWording = new TokenBucket(100, 5_000, performance.now())

  constructor(dependencies: AdmitterDependencies) {
    this.#deps = dependencies
    this.#adminKeyHash = dependencies.adminKey === null ? null : sha256Bytes(dependencies.adminKey)
  }

  /** @throws FocusError `invalid_request` for a path that is not percent-encoded UTF-8 */
  admit(head: RequestHead): DecidedAdmission {
    const { control, find, bodyTimeoutMs, origins } = this.#deps
    const pathname = pathOf(head.target)
    const admission = new DecidedAdmission(head.method, pathname, bodyTimeoutMs)
    admission.match = find(head.method, pathname)
    if (admission.match === null) return admission
    const { route } = admission.match
    if (route.once === true && isPrefetch(head.headers)) return admission
    const client = control.client(head.remoteAddress, headerOf(head.headers, 'x-forwarded-for'))
    admission.client = client
    const overBudget = route.limit === undefined ? null : control.request(route.limit, client)
    if (overBudget !== null && route.refuse !== undefined && this.#ownWording.take(performance.now())) {
      admission.overBudget = overBudget
      return admission
    }
    const refusal = this.#refused(route, overBudget) ?? this.#forbidden(route, head, admission, client)
    if (refusal === null) return admission
    admission.refusal = { ...refusal, headers: { ...refusal.headers, ...corsHeaders(head.headers, origins) } }
    return admission
  }

  #forbidden(route: Route, head: RequestHead, admission: DecidedAdmission, client: Client): Answer | null {
    if (route.access === 'admin') return this.#checkAdminKey(route, head, client)
    if (route.access === 'public' && route.credentials === undefined) return null
    const credentials = credentialsOf(route, head)
    if (credentials === null) {
      const name = route.credentials === undefined ? 'unauthenticated' : 'unauthenticated_stream'
      return this.#answer(route, route.credentials ?? 'bearer', name)
    }
    if (credentials.kind === 'token') {
      admission.principal = this.#deps.knownToken(credentials.secret)
      if (admission.principal !== null) return this.#userBudget(route, head, admission.principal, client)
      if (!hasTokenForm(credentials.secret)) return this.#answer(route, route.credentials ?? 'bearer', 'invalid_token')
    }
    admission.credentials = credentials
    return this.#refused(route, this.#deps.control.mayTry(client))
  }

  #userBudget(route: Route, { target }: RequestHead, { userKey }: Principal, client: Client): Answer | null {
    return this.#refused(route, this.#deps.control.user(userKey, costOf(route, target), client))
  }

  #checkAdminKey(route: Route, { headers }: RequestHead, client: Client): Answer | null {
    const { control } = this.#deps
    if (this.#adminKeyHash === null) return this.#answer(route, 'admin', 'admin_key_missing')
    const presented = bearerToken(headers)
    if (presented === null) return this.#answer(route, 'admin', 'unauthenticated_admin')
    const refusal = control.adminKey(client)
    if (refusal !== null) return this.#refused(route, refusal)
    if (timingSafeEqual(sha256Bytes(presented), this.#adminKeyHash)) return null
    return this.#refused(route, control.wrongAdminKey(client)) ?? prepared('invalid_admin_key', route.oauth)
  }

  #refused(route: Route, refusal: Refusal | null): Answer | null {
    return refusal === null ? null : preparedRefusal(refusal, route.oauth)
  }

  #answer(route: Route, kind: string, name: PreparedName): Answer {
    this.#deps.control.count(kind, name)
    return prepared(name, route.oauth)
  }
}

/** Returns the units of a user's budget that a request to the route takes. */
export function costOf({ cost, method }: Route, target: string): number {
  if (typeof cost === 'function') return cost(queryOf(target))
  return cost ?? (method === 'GET' ? costs.read : costs.write)
}

function queryOf(target: string): URLSearchParams {
  const mark = target.indexOf('?')
  return new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1))
}

/** Reads the credentials of a request. The header wins over the query: a client that can set it needs no token in a URL. */
function credentialsOf(route: Route, { headers, target }: RequestHead): Credentials | null {
  const token = bearerToken(headers)
  if (token !== null) return { kind: 'token', secret: token }
  if (route.credentials !== 'stream' || headerOf(headers, 'authorization') !== null) return null
  const query = queryOf(target)
  for (const kind of ['ticket', 'token'] as const) {
    const secret = query.get(kind)
    if (secret !== null) return { kind, secret }
  }
  return null
}

/** Returns whether a text has the compact form of a JWT (RFC 7519 §3.1); other texts are refused without verification. */
function hasTokenForm(token: string): boolean {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  return first > 0 && second > first && token.indexOf('.', second + 1) === -1
}
