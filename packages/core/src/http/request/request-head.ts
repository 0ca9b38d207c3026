import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from '../responses.ts'

/** The part of a request that precedes its body; admission reads nothing else. */
export interface RequestHead {
  readonly method: string
  /** Path and query, as they stand on the request line. */
  readonly target: string
  readonly headers: IncomingHttpHeaders | Headers
  /** Address of the peer's socket, such as `203.0.113.7`; absent if the host knows none. */
  readonly remoteAddress?: string | undefined
}

/** A token or ticket of a request that has not been verified yet. */
export interface Credentials {
  readonly kind: 'token' | 'ticket'
  readonly secret: string
}

/** Says whether a request is served. An adapter passes it on to `fetch` as `{ admission }`. */
export interface Admission {
  /** The complete answer, CORS headers included, if the request is refused; null if it is served. */
  readonly refusal: Answer | null
  /** Time for the whole body to arrive, in milliseconds. */
  readonly bodyTimeoutMs: number
}
