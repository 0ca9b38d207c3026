import type { Client } from '../admission/client.ts'
import type { Refusal } from '../admission/refusal.ts'
import type { Principal } from '../auth/ports.ts'
import type { Admission, Credentials } from './request/request-head.ts'
import type { Answer } from './responses.ts'
import type { Match } from './router.ts'

/** The handler's own form of an {@link Admission}: everything that was found out from the head of the request. */
export class DecidedAdmission implements Admission {
  readonly method: string
  readonly pathname: string
  readonly bodyTimeoutMs: number
  /** Null if no route matches; `fetch` answers with 404 or 405 then. */
  match: Match | null = null
  /** Null for a prefetch of a single-use address, which is refused without being counted. */
  client: Client | null = null
  /** The empty budget, for a route that words this refusal itself. */
  overBudget: Refusal | null = null
  refusal: Answer | null = null
  principal: Principal | null = null
  /** Credentials that have not been verified yet. */
  credentials: Credentials | null = null

  constructor(method: string, pathname: string, bodyTimeoutMs: number) {
    this.method = method
    this.pathname = pathname
    this.bodyTimeoutMs = bodyTimeoutMs
  }
}
