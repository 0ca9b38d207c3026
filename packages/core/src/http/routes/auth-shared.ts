import type { AuthService } from '../../auth/auth.ts'
import type { AuthConfig } from '../../auth/auth-config.ts'
import type { TokenPair } from '../../auth/sessions/sessions.ts'
import { tokenJson } from './auth-json.ts'
import { RefreshCookie } from '../request/refresh-cookie.ts'
import { json } from '../responses.ts'

export interface AuthRouteDependencies {
  readonly auth: AuthService
  readonly config: AuthConfig
}

/** Headers of answers that carry a token or a state (S25); `Cache-Control: no-store` is on every answer. */
export const secrecy = { 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' }

/** How tokens reach the browser: in the body, or the refresh token in a cookie. */
export class TokenDelivery {
  readonly cookie: RefreshCookie
  readonly #byCookie: boolean

  constructor(config: AuthConfig) {
    this.#byCookie = config.refreshDelivery === 'cookie'
    this.cookie = new RefreshCookie({ secure: usesHttps(config), maxAgeSeconds: config.sessionTtlSeconds })
  }

  /**
   * @param cookieAllowed whether this browser is known to be the one that began the sign-in by navigation, or already has the
   * cookie; a sign-in that was begun by `fetch` never sets one (S03)
   */
  answer(pair: TokenPair, cookieAllowed: boolean): Response {
    if (!this.#byCookie || !cookieAllowed || pair.refreshToken === null)
      return json(tokenJson(pair), { headers: secrecy })
    const response = json(tokenJson({ ...pair, refreshToken: null }), { headers: secrecy })
    response.headers.append('set-cookie', this.cookie.set(pair.refreshToken))
    return response
  }
}

export function usesHttps({ publicUrl }: AuthConfig): boolean {
  return publicUrl?.startsWith('https:') ?? false
}
