import type { IncomingHttpHeaders } from 'node:http'
import type { Client } from '../../admission/client.ts'
import type { Refusal } from '../../admission/refusal.ts'
import type { Principal } from '../../auth/ports.ts'
import type { Answer } from '../responses.ts'
import type { Match } from '../router.ts'

/** What a request says before its body: all that admission looks at. */
export interface RequestHead {
  readonly method: string
  /** Path and query, as on the request line. */
  readonly target: string
  readonly headers: IncomingHttpHeaders | Headers
  /** Address of the peer's socket; absent where there is none. */
  readonly remoteAddress?: string | undefined
}

/** What a request showed to say who it is, and was not looked at before. */
export interface Credentials {
  readonly kind: 'token' | 'ticket'
  readonly secret: string
}

/** Whether a request is served. An adapter that asks before it builds a `Request` gives this back to `fetch`. */
export interface Admission {
  /** What the request is answered with when it is not served; headers for pages of other origins are among its own. */
  readonly refusal: Answer | null
  /** How long the body of the request may take to arrive. */
  readonly bodyTimeoutMs: number
}

/** The same with what the handler goes on with. */
export class DecidedAdmission implements Admission {
  readonly method: string
  readonly pathname: string
  readonly bodyTimeoutMs: number
  /** Null where no route answers, which `fetch` then says. */
  match: Match | null = null
  /** Null for a prefetch of something that works once, which nobody counts. */
  client: Client | null = null
  /** A budget that is empty, for a route with an answer of its own for that. */
  overBudget: Refusal | null = null
  refusal: Answer | null = null
  principal: Principal | null = null
  credentials: Credentials | null = null

  constructor(method: string, pathname: string, bodyTimeoutMs: number) {
    this.method = method
    this.pathname = pathname
    this.bodyTimeoutMs = bodyTimeoutMs
  }
}
