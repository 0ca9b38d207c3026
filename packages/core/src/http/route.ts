import type { Admission } from './request/request-head.ts'
import type { Client } from '../admission/client.ts'
import type { Principal } from '../auth/ports.ts'
import type { BudgetName } from '../admission/budgets.ts'

/** What the host knows of a request beyond the `Request` itself. */
export interface RequestInfo {
  /** Address of the peer's socket, such as `203.0.113.7`. */
  readonly remoteAddress?: string
  /** What `focus.admit()` said of this request's head, for an adapter that asked it; what it counted is not counted again. */
  readonly admission?: Admission
}

/** The budgets of requests that nobody need sign in for. */
export type LimitedAction = Exclude<BudgetName, 'credentials' | 'adminKey'>

export interface RouteContext {
  readonly request: Request
  readonly url: URL
  /** Values of the `:names` of the path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>
  /** The client's address: the peer's, or what a trusted proxy says of it. Null where the host did not tell. */
  readonly clientAddress: string | null
  /** The same as limits count it. */
  readonly client: Client
  /** The person of the bearer token, for routes with `access: 'bearer'` or `credentials: 'stream'`. */
  readonly principal: Principal | null
  /** Charges the user for work that is known only once it is done. */
  spend(units: number): void
}

/**
 * One route under the base path. `access` is checked before `handle` runs: `bearer` needs a valid access token, `admin`
 * the admin key. Errors are thrown as `FocusError` and answered as RFC 9457 problems.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Such as `/auth/:provider/callback`. */
  readonly path: string
  readonly access: 'public' | 'bearer' | 'admin'
  /** A `public` route that needs an access token all the same, or a ticket: `EventSource` can only say it in the URL. */
  readonly credentials?: 'stream'
  /** What a client address may do only so often (S27). */
  readonly limit?: LimitedAction
  /** Units of the user's budget; by method when absent. Given the query where it says how much there is to do. */
  readonly cost?: number | ((query: URLSearchParams) => number)
  /** A GET that uses something up, and works once: it is not there for HEAD, with which previews and scanners look. */
  readonly once?: boolean
  /** Adds RFC 6749's `error` and `error_description` to problems. */
  readonly oauth?: boolean
  handle(context: RouteContext): Promise<Response> | Response
  /**
   * Answers an error of this route, its limits included, otherwise than by a problem; null where the problem is right. The
   * error is logged as any other.
   */
  refuse?(error: unknown, request: RefusedRequest): Response | null
}

/** What is known of a request whose route failed, perhaps before `handle` was asked. */
export type RefusedRequest = Pick<RouteContext, 'request' | 'url' | 'params'>
