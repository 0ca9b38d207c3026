import type { Admission } from './request/request-head.ts'
import type { Client } from '../admission/client.ts'
import type { Principal } from '../auth/ports.ts'
import type { BudgetName } from '../admission/budgets.ts'

/** Facts about a request that the `Request` itself does not hold. */
export interface RequestInfo {
  /** Address of the peer's socket, such as `203.0.113.7`. */
  readonly remoteAddress?: string
  /** The result of `focus.admit()` for this request; its budgets are then not charged a second time. */
  readonly admission?: Admission
}

/** Budgets of requests that need no access token. */
export type LimitedAction = Exclude<BudgetName, 'credentials' | 'adminKey'>

export interface RouteContext {
  readonly request: Request
  readonly url: URL
  /** Values of the `:names` of the path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** The client's address: the peer's, or the one that a trusted proxy reports. Null if the host passed none. */
  readonly clientAddress: string | null
  /** The client as admission counts it. */
  readonly client: Client
  /** The user of the access token, for routes with `access: 'bearer'` or `credentials: 'stream'`. */
  readonly principal: Principal | null
  /** Charges the user's budget for work whose cost is known only afterwards. */
  spend(units: number): void
}

/** A route as documents and gateways need it. */
export interface RouteInfo {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the base path, such as `/auth/:provider/callback`. */
  readonly path: string
  /** `bearer` needs a valid access token, `admin` the admin key. */
  readonly access: 'public' | 'bearer' | 'admin'
}

/**
 * One route under the base path. `access` is checked before `handle` runs: `bearer` needs a valid access token, `admin`
 * the admin key. Errors are thrown as `FocusError` and answered as RFC 9457 problems.
 */
export interface Route extends RouteInfo {
  /** The route also accepts an access token or a ticket in its query, because `EventSource` cannot set headers. */
  readonly credentials?: 'stream'
  /** The budget of the client's address that a request takes one unit of (S27). */
  readonly limit?: LimitedAction
  /** Units of the user's budget that a request takes, depending on its query if it is a function; by method if absent. */
  readonly cost?: number | ((query: URLSearchParams) => number)
  /** A GET that consumes a single-use secret. It does not answer HEAD, which previews and scanners send. */
  readonly once?: boolean
  /** Adds RFC 6749's `error` and `error_description` to problems. */
  readonly oauth?: boolean
  handle(context: RouteContext): Promise<Response> | Response
  /**
   * Words an error of this route itself, an empty budget included, for example as a redirect. Null sends the usual
   * problem. The error is logged in either case.
   */
  refuse?(error: unknown, request: RefusedRequest): Response | null
}

/** A request whose route failed, possibly before `handle` was called. */
export type RefusedRequest = Pick<RouteContext, 'request' | 'url' | 'params'>
