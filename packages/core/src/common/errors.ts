/**
 * Every error of Focus in one table: the stable code, the HTTP status of a route's answer, and the title of the problem
 * (RFC 9457). Codes are only ever added.
 */
const catalogue = {
  // the caller's input
  invalid_request: { status: 400, title: 'The request is malformed' },
  invalid_json: { status: 400, title: 'The body is not JSON' },
  invalid_option: { status: 500, title: 'A setting is invalid' },
  payload_too_large: { status: 413, title: 'The payload is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  rate_limited: { status: 429, title: 'Too many requests' },
  prefetch_refused: { status: 503, title: 'A prefetch does not use up a sign-in' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  origin_not_allowed: { status: 403, title: 'The origin is not allowed' },
  // authentication
  unauthenticated: { status: 401, title: 'Authentication is required' },
  invalid_token: { status: 401, title: 'The token is invalid' },
  token_expired: { status: 401, title: 'The token has expired' },
  session_revoked: { status: 401, title: 'The session has ended' },
  insufficient_scope: { status: 403, title: 'The token lacks a scope' },
  admin_key_missing: { status: 403, title: 'No admin key is configured' },
  invalid_admin_key: { status: 401, title: 'The admin key is wrong' },
  user_disabled: { status: 403, title: 'The user is disabled' },
  // sign-in
  oauth_disabled: { status: 404, title: 'Sign-in is switched off' },
  unknown_provider: { status: 404, title: 'Unknown sign-in provider' },
  invalid_state: { status: 400, title: 'The sign-in state is unknown, used or expired' },
  flow_not_bound: { status: 400, title: 'The sign-in was started in another browser' },
  iss_missing: { status: 400, title: 'The callback names no issuer' },
  iss_mismatch: { status: 400, title: 'The callback names another issuer' },
  access_denied: { status: 400, title: 'The sign-in was refused' },
  login_required: { status: 400, title: 'No user is signed in at the provider' },
  consent_required: { status: 400, title: 'The provider needs consent' },
  interaction_required: { status: 400, title: 'The provider needs the user' },
  account_selection_required: { status: 400, title: 'An account must be chosen' },
  temporarily_unavailable: { status: 503, title: 'The sign-in provider is temporarily unavailable' },
  provider_error: { status: 502, title: 'The sign-in provider answered with an error' },
  provider_unreachable: { status: 502, title: 'The sign-in provider cannot be reached' },
  id_token_invalid: { status: 400, title: 'The ID token is invalid' },
  return_to_not_allowed: { status: 400, title: 'The return address is not allowed' },
  invalid_grant: { status: 400, title: 'The code or refresh token is invalid' },
  account_exists: { status: 409, title: 'An account with this e-mail exists' },
  account_linked_elsewhere: { status: 409, title: 'The account is linked to another user' },
  account_ambiguous: { status: 409, title: 'Several accounts of the provider are linked' },
  last_account: { status: 409, title: 'The last sign-in account cannot be unlinked' },
  // notifications
  unknown_user: { status: 404, title: 'Unknown user' },
  unknown_notification: { status: 404, title: 'Unknown notification' },
  invalid_notification: { status: 400, title: 'The notification is invalid' },
  data_too_large: { status: 413, title: 'The notification data is too large' },
  push_service_not_allowed: { status: 400, title: 'The push service is not allowed' },
  idempotency_conflict: { status: 422, title: 'The idempotency key was used with another request' },
  inside_transaction: { status: 500, title: 'notifyUser was called inside a transaction' },
  // real time
  upgrade_required: { status: 426, title: 'This address speaks WebSocket' },
  websocket_disabled: { status: 404, title: 'The WebSocket is switched off' },
  at_capacity: { status: 503, title: 'The node has reached its connection limit' },
  unknown_connection: { status: 404, title: 'Unknown connection' },
  node_unreachable: { status: 503, title: 'Another node does not answer' },
  // operation
  overloaded: { status: 503, title: 'The server is too busy' },
  draining: { status: 503, title: 'The server is shutting down' },
  storage_unavailable: { status: 503, title: 'The database is not available' },
  unsafe_database_session: { status: 500, title: 'A database session would take values for SQL' },
  missing_dependency: { status: 500, title: 'A package is not installed' },
  closed: { status: 503, title: 'Focus is closed' },
  internal: { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>

/** A stable error code; `docs/errors.md` lists them all. */
export type ErrorCode = keyof typeof catalogue

/** All error codes with their HTTP status and title. */
export const errorCatalogue: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> =
  catalogue

/** `inspect.custom` of node:util; the consoles of other runtimes use it too. */
const inspectSymbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * The error that every public operation of Focus throws. `code` is stable and meant for programs. `message` says what
 * happened and `hint` what to do about it, for the developer or operator who can fix it. Neither ever contains a secret.
 *
 * @example
 * ```ts
 * try {
 *   await focus.notifications.notifyUser({ userId: 7, title: 'Hello', message: 'World' })
 * } catch (error) {
 *   if (error instanceof FocusError && error.code === 'unknown_user') return
 *   throw error
 * }
 * ```
 */
export class FocusError extends Error {
  override readonly name = 'FocusError'
  readonly code: ErrorCode
  /** HTTP status of a route's answer. */
  readonly status: number
  /** Meaning of the code; the same for every occurrence. */
  readonly title: string
  // Only declared: a field would be an own property even without a value.
  declare readonly hint?: string
  /** Seconds to wait before the next attempt, if known. */
  declare readonly retryAfterSeconds?: number

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = catalogue[code].status
    this.title = catalogue[code].title
    if (options.hint !== undefined) this.hint = options.hint
    if (options.retryAfterSeconds !== undefined) this.retryAfterSeconds = options.retryAfterSeconds
    // Node prints the stack of an uncaught error. Only failures of the server need the hint there: building the text is slow.
    if (options.hint !== undefined && this.status >= 500) {
      const stack: unknown = this.stack
      // Text, unless the application has its own `Error.prepareStackTrace`.
      const frames = typeof stack === 'string' ? stack.search(/^ {4}at /m) : -1
      if (typeof stack === 'string' && frames !== -1) {
        this.stack = `${this.name}: ${message}\n  Hint: ${options.hint}\n${stack.slice(frames)}`
      }
    }
  }

  /** Formats the error for Node's console: the hint directly below the message, then the stack. */
  [inspectSymbol](_depth: number, _options: unknown, inspect: (value: unknown) => string): string {
    const head = `${this.name} [${this.code}]: ${this.message}`
    const stack = this.stack ?? ''
    const frames = stack.search(/^ {4}at /m)
    return [
      head,
      ...(this.hint === undefined ? [] : [`  Hint: ${this.hint}`]),
      ...(frames === -1 ? [] : [stack.slice(frames)]),
      ...(this.cause === undefined ? [] : [`  [cause]: ${inspect(this.cause)}`]),
    ].join('\n')
  }
}
