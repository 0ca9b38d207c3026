import { FocusError } from '../../common/errors.ts'
import { sha256Hex } from '../../common/hashing.ts'
import type { Debug } from '../../common/logging/debug.ts'
import type { Runtime } from '../../common/runtime.ts'
import { toUserKey, type UserKey } from '../../common/user-id.ts'
import { newSecret } from '../../secrets/new-secret.ts'
import { accountId } from '../accounts/account-id.ts'
import { assertEnabled } from '../accounts/accounts.ts'
import type { AccountKey, User, UserDirectory } from '../accounts/user-directory-port.ts'
import type { AuthConfig } from '../auth-config.ts'
import type { SessionEnd } from '../ports.ts'
import type { AccessTokens } from '../tokens/access-tokens.ts'
import { sessionRevoked } from '../tokens/token-errors.ts'
import type { ClientInfo } from './client-info.ts'
import { invalidRefreshToken, RefreshTokens, rotationGraceMs } from './refresh-tokens.ts'
import type { SessionEnder } from './session-ender.ts'
import type { SessionReads } from './session-reads.ts'
import type { Session, SessionStore } from './session-store-port.ts'
import type { SessionUsers } from './session-users.ts'

/** How long ended and expired sessions stay in the database. */
const keepGoneMs = 30 * 86_400_000

/** The tokens of a sign-in or a refresh. */
export interface TokenPair {
  readonly accessToken: string
  /** Null for a session that an operator made. */
  readonly refreshToken: string | null
  /** Seconds until the access token expires. */
  readonly expiresIn: number
  readonly sessionId: string
  readonly user: User
}

export interface SessionsDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly store: SessionStore
  readonly reads: SessionReads
  readonly users: SessionUsers
  readonly directory: Pick<UserDirectory, 'findByAccount'>
  readonly tokens: AccessTokens
  readonly ender: SessionEnder
}

/** Sessions: started by a sign-in, kept alive by refresh tokens, ended by a logout or an operator. */
export class Sessions {
  readonly #deps: SessionsDependencies
  readonly #refreshTokens: RefreshTokens
  readonly #debug: Debug

  constructor(dependencies: SessionsDependencies) {
    this.#deps = dependencies
    this.#refreshTokens = new RefreshTokens(dependencies)
    this.#debug = dependencies.runtime.debug('tokens')
  }

  /**
   * Starts a session of a user who has just signed in. The session ends when `account`, which the user signed in with, is
   * unlinked (S37).
   *
   * @throws FocusError `user_disabled`, `session_revoked` when the user was deleted in the meantime, `invalid_grant` when the
   * account was unlinked in the meantime
   */
  async start(
    user: User,
    provider: string,
    client: ClientInfo = {},
    account: AccountKey | null = null,
  ): Promise<TokenPair> {
    const { config, runtime } = this.#deps
    const refreshToken = newSecret(runtime.random)
    const session = this.#newSession(user, provider, client, config.sessionTtlSeconds)
    await this.#store(session, sha256Hex(refreshToken), account)
    return await this.#pair(user, session, refreshToken)
  }

  /**
   * Starts a session with an access token and without a refresh token, for scripts and tests (`focus token`). The session is
   * listed and can be revoked like any other.
   *
   * @throws FocusError `user_disabled`
   */
  async startShort(user: User, ttlSeconds: number = this.#deps.config.accessTtlSeconds): Promise<TokenPair> {
    const session = this.#newSession(assertEnabled(user), 'admin', {}, ttlSeconds)
    await this.#store(session, null, null)
    return await this.#pair(user, session, null)
  }

  /**
   * Exchanges a refresh token for a new pair; see `RefreshTokens.successorOf` for tokens that are presented again.
   *
   * @throws FocusError `invalid_grant`, `user_disabled`
   */
  async refresh(refreshToken: string, client: ClientInfo = {}): Promise<TokenPair> {
    const found = await this.#refreshTokens.find(refreshToken)
    if (!found) throw invalidRefreshToken()
    const user = await this.#deps.users.find(found.session.userKey)
    if (!user) throw invalidRefreshToken()
    assertEnabled(user)
    const successor = await this.#refreshTokens.successorOf(found, client)
    this.#debug('session refreshed', { session: found.session.id, user: found.session.userKey })
    return await this.#pair(user, found.session, successor)
  }

  /** Lists the active sessions of a user, the last used first. */
  async list(userKey: UserKey): Promise<Session[]> {
    return await this.#deps.store.listActive(userKey, this.#deps.runtime.clock())
  }

  /** Returns when a session ends unless it is used before, in milliseconds since 1970; null once it has ended. */
  async endsAt(id: string): Promise<number | null> {
    const session = await this.#deps.reads.get(id)
    if (!session || session.endedAt !== null) return null
    const user = await this.#deps.users.find(session.userKey)
    if (!user || user.disabled) return null
    const endsAt = Math.min(session.idleExpiresAt, session.expiresAt)
    return endsAt > this.#deps.runtime.clock() ? endsAt : null
  }

  /** Ends one session, of `userKey` if given. Returns false when there is no such active session. */
  async end(id: string, reason: SessionEnd['reason'], userKey?: UserKey): Promise<boolean> {
    return await this.#deps.ender.end(id, reason, userKey)
  }

  /** Ends all sessions of a user and voids their unredeemed sign-in codes. Returns the number of sessions. */
  async endAll(userKey: UserKey, reason: SessionEnd['reason']): Promise<number> {
    return await this.#deps.ender.endAll(userKey, reason)
  }

  /** Ends the sessions of a user that an account started. Returns the number of sessions. */
  async endStartedWith(userKey: UserKey, account: AccountKey): Promise<number> {
    return await this.#deps.ender.endStartedWith(userKey, account)
  }

  /**
   * Returns the active session of a refresh token; null when there is none.
   *
   * @returns `spent`: whether the token was used and its grace is over
   */
  async ofRefreshToken(
    refreshToken: string,
  ): Promise<(Pick<Session, 'id' | 'userKey'> & { readonly spent: boolean }) | null> {
    const found = await this.#refreshTokens.find(refreshToken)
    if (!found) return null
    const { id, userKey } = found.session
    return { id, userKey, spent: this.#refreshTokens.isSpent(found) }
  }

  /** Deletes old sessions and sealed successors whose grace is over; runs in the background. */
  async purge(): Promise<void> {
    const now = this.#deps.runtime.clock()
    await this.#deps.store.purge({ graceEndedBefore: now - rotationGraceMs, goneBefore: now - keepGoneMs })
  }

  #newSession(user: User, provider: string, client: ClientInfo, ttlSeconds: number): Session {
    const { config, runtime } = this.#deps
    const now = runtime.clock()
    const expiresAt = now + ttlSeconds * 1_000
    return {
      id: newSecret(runtime.random).slice(0, 22),
      userKey: toUserKey(user.id),
      provider,
      userAgent: client.userAgent?.slice(0, 512) ?? null,
      ip: client.ip?.slice(0, 64) ?? null,
      createdAt: now,
      lastUsedAt: now,
      idleExpiresAt: Math.min(expiresAt, now + config.idleTtlSeconds * 1_000),
      expiresAt,
      endedAt: null,
      endReason: null,
    }
  }

  /**
   * Stores a session, then checks its user and account: a user who was disabled or deleted, or whose account was unlinked,
   * keeps no session that was created while the others were being ended (S23, S37).
   */
  async #store(session: Session, refreshHash: string | null, account: AccountKey | null): Promise<void> {
    const { store, users, directory, ender } = this.#deps
    await store.create(session, refreshHash, account === null ? null : accountId(account))
    this.#debug('session started', { session: session.id, user: session.userKey, provider: session.provider })
    const holder = account === null ? null : await directory.findByAccount(account)
    if (holder && toUserKey(holder.id) === session.userKey) {
      await users.note(session.userKey, holder)
      assertEnabled(holder)
      return
    }
    const user = await users.find(session.userKey)
    if (!user) throw sessionRevoked()
    assertEnabled(user)
    if (account === null) return
    await ender.endKnown(session.id, 'unlinked')
    throw new FocusError('invalid_grant', 'The account was unlinked.', { hint: 'Sign in with another account.' })
  }

  async #pair(user: User, session: Session, refreshToken: string | null): Promise<TokenPair> {
    const { config, runtime, tokens } = this.#deps
    // Access ends with its session, even if it is never refreshed (S23).
    const remaining = Math.min(Math.floor((session.expiresAt - runtime.clock()) / 1_000), config.idleTtlSeconds)
    const expiresIn = Math.max(1, Math.min(config.accessTtlSeconds, remaining))
    const accessToken = await tokens.issue({
      scopes: (await config.scopes?.(user)) ?? [],
      userKey: session.userKey,
      sessionId: session.id,
      ttlSeconds: expiresIn,
    })
    return { accessToken, refreshToken, expiresIn, sessionId: session.id, user }
  }
}
