import type { IncomingHttpHeaders } from 'node:http'
import type { JWK } from 'jose'
import type { UserId, UserKey } from '../common/user-id.ts'
import type { Principal, SessionEnd } from './ports.ts'
import type { AccountKey, ExternalAccount, ExternalProfile, User } from './accounts/user-directory-port.ts'
import type { Session } from './sessions/session-store-port.ts'
import type { ClientInfo } from './sessions/client-info.ts'
import type { TokenPair } from './sessions/sessions.ts'
import type { KeyInfo } from './keys/token-keys.ts'

/**
 * Sign-in, accounts, sessions and access tokens of one Focus: `focus.auth`.
 *
 * @example
 * ```ts
 * const { user } = await focus.auth.accounts.signIn(profile)
 * const { accessToken, refreshToken } = await focus.auth.sessions.start(user, profile.provider)
 * ```
 */
export interface Auth {
  readonly accounts: AuthAccounts
  readonly sessions: AuthSessions
  readonly users: AuthUsers
  readonly tokens: AuthTokens
  readonly keys: AuthKeys
  /**
   * Returns the user and session of the bearer token of a request; null for a request without one. A token that was verified
   * before costs neither a signature check nor a query.
   *
   * `focus.authenticate` does the same and limits bad tokens by client address.
   *
   * @throws FocusError (as a rejection) `invalid_token`, `token_expired`, `session_revoked`
   */
  authenticate(headers: IncomingHttpHeaders | Headers): Promise<Principal | null>
  /**
   * Reads the user of a verified access token.
   *
   * @throws FocusError `session_revoked` when the user was deleted or disabled since, `unknown_user` when the token of
   * another issuer names no user of the directory
   *
   * @example
   * ```ts
   * const principal = await focus.authenticate(request.headers)
   * const user = principal && (await focus.auth.userOf(principal))
   * ```
   */
  userOf(principal: Principal): Promise<User>
  /**
   * Calls `listener` once for every session that ends, on this node or on another one.
   *
   * @param listener `here` is true when the session ended on this node
   * @returns a function that removes the listener
   */
  onSessionEnded(listener: (end: SessionEnd, here: boolean) => void): () => void
}

/** Accounts of providers, and the users that they belong to: `focus.auth.accounts`. */
export interface AuthAccounts {
  /**
   * Finds the user of a profile, or creates one: the user of its `(issuer, subject)` (OpenID Connect Core §5.7), or the user
   * whose e-mail address the profile proves.
   *
   * @throws FocusError `account_exists` when the e-mail address is another user's and the profile does not prove it, or that
   * user has another account of the same issuer; `user_disabled`, `provider_error`
   */
  signIn(profile: ExternalProfile): Promise<{ readonly user: User; readonly created: boolean }>
  /**
   * Links one more account to a user.
   *
   * @throws FocusError `account_linked_elsewhere`, `unknown_user`, `user_disabled`, `provider_error`
   */
  link(userKey: UserKey, profile: ExternalProfile): Promise<User>
  /** Lists the accounts of a user, the oldest first. */
  list(userKey: UserKey): Promise<ExternalAccount[]>
}

/** Sessions: one per signed-in device: `focus.auth.sessions`. */
export interface AuthSessions {
  /**
   * Starts a session of a user who has just signed in.
   *
   * @param provider stored with the session and shown in the user's list of devices
   * @param account the account that the user signed in with; the session ends when it is unlinked
   * @throws FocusError `user_disabled`, or `invalid_grant` when the account was unlinked since
   */
  start(user: User, provider: string, client?: ClientInfo, account?: AccountKey | null): Promise<TokenPair>
  /**
   * Starts a session with an access token and without a refresh token, for scripts and tests (`focus token`).
   *
   * @param ttlSeconds how long the token and its session live, in seconds; the configured lifetime of access tokens when
   * absent
   * @throws FocusError `user_disabled`
   */
  startShort(user: User, ttlSeconds?: number): Promise<TokenPair>
  /** Lists the active sessions of a user, the last used first. */
  list(userKey: UserKey): Promise<Session[]>
  /** Ends one session, of `userKey` if given; false when there is no such session. */
  end(id: string, reason: SessionEnd['reason'], userKey?: UserKey): Promise<boolean>
  /**
   * Ends all sessions of a user, and the sign-ins that wait for their page.
   *
   * @returns how many sessions it ended
   */
  endAll(userKey: UserKey, reason: SessionEnd['reason']): Promise<number>
}

/** The users of the directory: `focus.auth.users`. */
export interface AuthUsers {
  get(id: UserId): Promise<User | null>
  /**
   * Finds a user by an id, a verified e-mail address or a username. An unverified address finds no user, because users can
   * enter the addresses of others.
   */
  resolve(reference: string): Promise<User | null>
  /**
   * Finds a user as `resolve` does.
   *
   * @throws FocusError `unknown_user`
   */
  require(reference: string): Promise<User>
  /** Lists users in the order of their ids, at most `limit` after the id `after`. */
  list(query: { readonly limit: number; readonly after?: UserId; readonly search?: string }): Promise<User[]>
  /** Disables a user and ends their sessions, or enables the user again. */
  setDisabled(id: UserId, disabled: boolean): Promise<void>
}

/** Access tokens: `focus.auth.tokens`. */
export interface AuthTokens {
  /**
   * Verifies an access token, for example one that a socket of the application's own received.
   *
   * @throws FocusError (as a rejection) `invalid_token`, `token_expired`, `session_revoked`
   */
  verify(token: string): Promise<Principal>
}

/** The keys that sign access tokens: `focus.auth.keys`. */
export interface AuthKeys {
  /** Returns the public keys (RFC 7517); none where the keys are shared secrets. */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>
  list(): Promise<KeyInfo[]>
  /**
   * Makes the next signing key. It signs once every node has read it, or immediately with `immediately`.
   *
   * @throws FocusError `invalid_request` where the application manages the keys
   */
  rotate(options?: { readonly immediately?: boolean }): Promise<KeyInfo>
}
