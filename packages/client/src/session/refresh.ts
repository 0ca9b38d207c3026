import { FocusClientError, isRefusal } from '../errors.ts'
import type { Api } from '../http.ts'
import type { TokenResponse } from '../protocol.ts'

/** What a refresh sends: the refresh token, or nothing where a cookie carries it. */
export type RefreshBody = { readonly refresh_token?: string }

/** A new pair from the server. @throws FocusClientError */
export async function refreshTokens(api: Api, body: RefreshBody, timeoutMs: number): Promise<TokenResponse> {
  return checkedTokens(await api.request('/auth/refresh', { method: 'POST', body, timeoutMs }))
}

/** @throws FocusClientError `invalid_response` for what holds no token, such as the answer of a captive portal */
export function checkedTokens(answer: unknown): TokenResponse {
  if (!isTokenResponse(answer)) {
    throw new FocusClientError('invalid_response', 'The answer of the sign-in holds no access_token.')
  }
  return answer
}

/**
 * Whether a refresh was refused for good: by the server itself, because of the grant. Without the cookie that would carry the
 * token there is no grant either.
 */
export function endsSession(error: unknown, cookies: boolean): boolean {
  return isRefusal(error, 'invalid_grant', 'user_disabled', ...(cookies ? ['invalid_request'] : []))
}

function isTokenResponse(answer: unknown): answer is TokenResponse {
  const token: unknown = Reflect.get(Object(answer), 'access_token')
  return typeof token === 'string' && token !== ''
}
