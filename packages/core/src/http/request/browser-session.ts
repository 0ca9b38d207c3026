import type { AuthService } from '../../auth/auth.ts'
import type { TokenPair } from '../../auth/sessions/sessions.ts'
import type { Principal } from '../../auth/ports.ts'
import { FocusError } from '../../common/errors.ts'
import type { OriginPolicy } from '../../net/origin-policy.ts'
import { toUserKey, type UserKey } from '../../common/user-id.ts'
import { isCrossSite } from './cross-site.ts'
import type { RefreshCookie } from './refresh-cookie.ts'

/** A session that a request has shown to be its own. */
export interface OwnSession {
  readonly userKey: UserKey
  /** Null for a token of another issuer that names none. */
  readonly sessionId: string | null
  /** Proven by a refresh token that was used long ago, which speaks for its own session only (S22). */
  readonly spent?: boolean
}

export interface BrowserSessionsDependencies {
  readonly auth: AuthService
  readonly cookie: RefreshCookie
  readonly origins: OriginPolicy
}

/**
 * The sessions that a request proves: by its access token, by the refresh token in its cookie, and by one that it names. One
 * proof that is too old does not stand in the way of another.
 */
export class BrowserSessions {
  readonly #auth: AuthService
  readonly #cookie: RefreshCookie
  readonly #origins: OriginPolicy

  constructor({ auth, cookie, origins }: BrowserSessionsDependencies) {
    this.#auth = auth
    this.#cookie = cookie
    this.#origins = origins
  }

  /**
   * @param refreshToken one that the body names
   * @returns `refusal`: why the access token proves nothing, where it does not
   */
  async of(
    request: Request,
    refreshToken: string | null = null,
  ): Promise<{ readonly sessions: readonly OwnSession[]; readonly refusal: FocusError | null }> {
    const byToken = await this.#byAccessToken(request.headers)
    const sessions: OwnSession[] = byToken instanceof FocusError ? [] : [byToken]
    for (const token of [refreshToken, this.#fromCookie(request)]) {
      const session = token === null ? null : await this.#auth.sessions.ofRefreshToken(token)
      if (session) sessions.push({ userKey: session.userKey, sessionId: session.id, spent: session.spent })
    }
    return { sessions, refusal: byToken instanceof FocusError ? byToken : null }
  }

  hasCookie(request: Request): boolean {
    return this.#fromCookie(request) !== null
  }

  /** Ends the sessions of the same user that a new one takes the place of in this browser. */
  async endReplaced(request: Request, { sessionId: current, user }: TokenPair): Promise<void> {
    const { sessions } = await this.of(request)
    for (const { userKey, sessionId } of sessions) {
      if (userKey !== toUserKey(user.id) || sessionId === null || sessionId === current) continue
      await this.#auth.sessions.end(sessionId, 'replaced', userKey)
    }
  }

  /** The refresh token that the browser sent by itself; null where a stranger's page may have made it do so (S26). */
  #fromCookie(request: Request): string | null {
    return isCrossSite(request, this.#origins) ? null : this.#cookie.read(request)
  }

  async #byAccessToken(headers: Headers): Promise<Principal | FocusError> {
    try {
      return (await this.#auth.authenticate(headers)) ?? needsToken()
    } catch (error) {
      if (error instanceof FocusError && error.status === 401) return error
      throw error
    }
  }
}

export function needsToken(): FocusError {
  return new FocusError('unauthenticated', 'This route needs an access token.', {
    hint: 'Send the header Authorization: Bearer <access_token>.',
  })
}
