import type { UserId, UserKey } from '../common/user-id.ts'

/** The identity of a request or a socket, from a verified access token. */
export interface Principal {
  readonly userKey: UserKey
  /** `userKey` in the application's form. */
  readonly userId: UserId
  /** Session (refresh-token family) of the token; null for tokens of another issuer without one. */
  readonly sessionId: string | null
  readonly scopes: readonly string[]
  /** Expiry of the token, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** The user of a request, as `requireUser` of an adapter puts it on the request of the framework. */
export interface AuthenticatedUser {
  readonly id: UserId
  readonly sessionId: string | null
  readonly scopes: readonly string[]
  /** Expiry of the access token, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** Port: verifies access tokens. */
export interface TokenVerifier {
  /** @throws FocusError `invalid_token`, `token_expired`, `session_revoked` */
  verify(token: string): Promise<Principal>
  /** Returns the principal of a token that was verified before and is still valid; null for any other, which is not examined. */
  known?(token: string): Principal | null
}

/**
 * The end of one or all sessions of a user: by logout, by revocation, by reuse of a refresh token, because the user was
 * disabled, because the account that started them was unlinked, or because the user signed in again in the same browser.
 */
export interface SessionEnd {
  readonly userKey: UserKey
  /** One session; null for all sessions of the user. */
  readonly sessionId: string | null
  readonly reason: 'logout' | 'logout_all' | 'reuse' | 'revoked' | 'user_disabled' | 'unlinked' | 'replaced'
}
