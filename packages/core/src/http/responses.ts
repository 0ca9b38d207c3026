import { FocusError } from '../common/errors.ts'
import { problemDocument } from '../wire/problem.ts'

/** Returns a JSON response with `Cache-Control: no-store`. */
export function json(body: unknown, init: { status?: number; headers?: Record<string, string> } = {}): Response {
  return jsonText(JSON.stringify(body), init)
}

/** Returns the same for a body that is serialised already. */
export function jsonText(body: string, init: { status?: number; headers?: Record<string, string> } = {}): Response {
  return new Response(body, {
    status: init.status ?? 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...init.headers },
  })
}

/** Returns a 204 response. */
export function noContent(headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 204, headers: { 'cache-control': 'no-store', ...headers } })
}

/** A complete answer that is not a `Response` yet: cheap to keep and to send many times. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Returns an error as an RFC 9457 problem: `type`, `title`, `status`, `detail`, `code` and, if there is one, `hint`. An
 * error that is not a `FocusError` becomes `internal` without details (S24); the caller logs it.
 *
 * @param options.oauth adds RFC 6749's `error` and `error_description`, for the token routes.
 */
export function problem(error: unknown, options: { oauth?: boolean } = {}): Response {
  return toResponse(problemAnswer(error, options))
}

/** Returns the same as {@link problem}, not yet as a `Response`. */
export function problemAnswer(error: unknown, options: { oauth?: boolean } = {}): Answer {
  const failure = error instanceof FocusError ? error : internalError()
  const { code, status, message, retryAfterSeconds } = failure
  const oauth = options.oauth ? { error: oauthError(failure), error_description: message } : {}
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterSeconds)))
  if (status === 401) headers['www-authenticate'] = challenge(failure)
  if (code === 'insufficient_scope') headers['www-authenticate'] = 'Bearer realm="focus", error="insufficient_scope"'
  return { status, headers, body: JSON.stringify({ ...problemDocument(failure), ...oauth }) }
}

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers })
}

/** Returns the error that replaces one whose details the caller must not see (S24). */
export function internalError(): FocusError {
  return new FocusError('internal', 'Something went wrong here.')
}

/** Adds `Set-Cookie` headers to a response. */
export function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append('set-cookie', cookie)
  return response
}

/** Returns the `WWW-Authenticate` challenge. It has no error code if the request had no credentials (RFC 6750 §3). */
function challenge({ code, message }: FocusError): string {
  if (code === 'unauthenticated') return 'Bearer realm="focus"'
  return `Bearer realm="focus", error="invalid_token", error_description="${message.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')}"`
}

const oauthCodes: ReadonlySet<string> = new Set([
  'invalid_grant',
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
])

/** Maps a code to those of RFC 6749 §5.2 and §4.1.2.1 and OpenID Connect Core §3.1.2.6. */
function oauthError({ code, status }: FocusError): string {
  if (oauthCodes.has(code)) return code
  if (code === 'rate_limited' || status >= 500) return 'temporarily_unavailable'
  return 'invalid_request'
}
