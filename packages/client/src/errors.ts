/**
 * Codes that the client gives itself. Everything the server refuses carries the server's own code, such as `rate_limited`
 * or `unknown_notification`; `PROTOCOL.md` lists them.
 */
export type ClientErrorCode =
  /** The request never got an answer: no network, a refused connection, CORS. */
  | 'network_error'
  /** Nobody is signed in, or the session has ended. */
  | 'not_signed_in'
  /** The sign-in came back without success; `message` says what the provider or the server said. */
  | 'sign_in_failed'
  /** An option is missing or of the wrong form. */
  | 'invalid_option'
  /** The answer is not what the protocol promises. */
  | 'invalid_response'
  /** The notifications connection has ended and will not come back by itself. */
  | 'connection_closed'

/** What every operation of the client rejects with, except an abort, which rejects with the signal's reason. */
export class FocusClientError extends Error {
  override readonly name = 'FocusClientError'
  /** Stable, meant for programs. */
  readonly code: ClientErrorCode | (string & {})
  /** HTTP status, or the WebSocket's close code for `connection_closed`. */
  readonly status?: number | undefined
  /** What to do about it, where the server said so. */
  readonly hint?: string | undefined
  /** How long to wait before trying again, where the server said so. */
  readonly retryAfterMs?: number | undefined

  constructor(
    code: ClientErrorCode | (string & {}),
    message: string,
    options: Partial<Pick<FocusClientError, 'status' | 'hint' | 'retryAfterMs'>> & { readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.hint = options.hint
    this.retryAfterMs = options.retryAfterMs
  }
}

/**
 * Whether the server itself refused, for good, with one of these codes where any are given. The answer of a proxy is no
 * refusal, nor is a limit, nor a failure: those pass.
 */
export function isRefusal(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof FocusClientError)) return false
  const { code, status = 0 } = error
  const isFinal = status >= 400 && status < 500 && status !== 429 && !code.startsWith('http_')
  return isFinal && (codes.length === 0 || codes.includes(code))
}
