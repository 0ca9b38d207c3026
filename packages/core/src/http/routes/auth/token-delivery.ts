import type { AuthConfig } from '../../../auth/auth-config.ts'
import type { TokenPair } from '../../../auth/sessions/sessions.ts'
import { RefreshCookie } from '../../request/refresh-cookie.ts'
import { json } from '../../responses.ts'
import { tokenJson } from './auth-json.ts'

/** Headers of responses that carry a token or a state (S25); every response has `Cache-Control: no-store`. */
export const secretHeaders = { 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' }

export interface TokenDeliveryOptions {
  readonly refreshDelivery: AuthConfig['refreshDelivery']
  readonly secure: boolean
  readonly maxAgeSeconds: number
}

/** Delivers tokens to the browser: in the body, or with the refresh token in a cookie. */
export class TokenDelivery {
  readonly cookie: RefreshCookie
  readonly #byCookie: boolean

  constructor({ refreshDelivery, ...cookie }: TokenDeliveryOptions) {
    this.#byCookie = refreshDelivery === 'cookie'
    this.cookie = new RefreshCookie(cookie)
  }

  /**
   * @param cookieAllowed whether this browser is known to have started the sign-in by navigation, or already has the cookie. A
   * sign-in that was started by `fetch` never sets one (S03)
   */
  respond(tokens: TokenPair, cookieAllowed: boolean): Response {
    const { refreshToken } = tokens
    if (!this.#byCookie || !cookieAllowed || refreshToken === null) {
      return json(tokenJson(tokens), { headers: secretHeaders })
    }
    const response = json(tokenJson({ ...tokens, refreshToken: null }), { headers: secretHeaders })
    response.headers.append('set-cookie', this.cookie.set(refreshToken))
    return response
  }
}
