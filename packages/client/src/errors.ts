/**
 * Codes of the client's own errors. Errors of the server have the server's code, such as `rate_limited` or
 * `unknown_notification`; `PROTOCOL.md` lists them.
 */
export type ClientErrorCode =
  /** The request got no answer: no network, a refused connection, CORS. */
  | 'network_error'
  /** No user is signed in, or the session has ended. */
  | 'not_signed_in'
  /** The sign-in failed; `message` is the explanation of the provider or the server. */
  | 'sign_in_failed'
  /** An option is missing or malformed. */
  | 'invalid_option'
  /** The answer does not follow the protocol. */
  | 'invalid_response'
  /** The notifications connection has ended, and the client will not reconnect by itself. */
  | 'connection_closed'

/** Error of every operation of the client. Only an aborted operation rejects with the signal's reason instead. */
export class FocusClientError extends Error {
  override readonly name = 'FocusClientError'
  /** Stable identifier for programs. */
  readonly code: ClientErrorCode | (string & {})
  /** HTTP status; for `connection_closed` the WebSocket close code. */
  readonly status?: number | undefined
  /** The server's advice on how to solve the problem, if it gave one. */
  readonly hint?: string | undefined
  /** Time to wait before the next try, if the server gave one. */
  readonly retryAfterMs?: number | undefined

  constructor(
    code: ClientErrorCode | (string & {}),
    message: string,
    options: Partial<Pick<FocusClientError, 'status' | 'hint' | 'retryAfterMs'>> & { readonly cause?: unknown } = {},
  ) {
    super(message, options)
    this.code = code
    this.status = options.status
    this.hint = options.hint
    this.retryAfterMs = options.retryAfterMs
  }
}

/**
 * Returns whether the server itself refused the request permanently, with one of the codes if any are given. Answers of
 * proxies, rate limits and failures are temporary, and not refusals.
 */
export function isRefusal(error: unknown, ...codes: readonly string[]): error is FocusClientError {
  if (!(error instanceof FocusClientError)) return false
  const { code, status = 0 } = error
  const isFinal = status >= 400 && status < 500 && status !== 429 && !code.startsWith('http_')
  return isFinal && (codes.length === 0 || codes.includes(code))
}

/** Returns the error itself if it is one of the client, or a new one with it as its cause. */
export function toClientError(cause: unknown, code: ClientErrorCode, message: string): FocusClientError {
  return cause instanceof FocusClientError ? cause : new FocusClientError(code, message, { cause })
}
