import type { SessionCredentials } from '../../auth/sessions/proven-sessions.ts'
import { bearerToken } from '../../common/bearer.ts'
import type { OriginPolicy } from '../../net/origin-policy.ts'
import { isCrossSite } from './cross-site.ts'
import type { RefreshCookie } from './refresh-cookie.ts'

/**
 * Returns the tokens that a request carries: its access token, the refresh token of its body, and the one of its cookie. The
 * cookie counts only if no foreign page can have sent it (S26).
 */
export function sessionCredentials(
  request: Request,
  { cookie, origins }: { readonly cookie: RefreshCookie; readonly origins: OriginPolicy },
  fromBody: string | null = null,
): SessionCredentials {
  const fromCookie = isCrossSite(request, origins) ? null : cookie.read(request)
  return {
    accessToken: bearerToken(request.headers),
    refreshTokens: [fromBody, fromCookie].filter((token) => token !== null),
  }
}
