import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import { seal, unseal } from '../../secrets/seal.ts'
import { toUserKey, type UserKey } from '../../common/user-id.ts'
import { accountId } from '../accounts/account-id.ts'
import type { AccountKey } from '../accounts/user-directory-port.ts'
import { assertEnabled } from '../accounts/accounts.ts'
import type { AuthConfig } from '../auth-config.ts'
import type { SingleUseCodes } from '../sign-in/single-use-codes.ts'
import { sha256Hex } from '../../common/hashing.ts'
import { newSecret } from '../../secrets/new-secret.ts'
import type { SessionUsers } from './session-users.ts'
import type { AccessTokens } from '../tokens/access-tokens.ts'
import { sessionRevoked } from '../tokens/token-errors.ts'
import type { SessionEnd } from '../ports.ts'
import type { User } from '../accounts/user-directory-port.ts'
import type { EndedSessions } from './ended-sessions.ts'
import type { SessionReads } from './session-reads.ts'
import type { Session, SessionStore } from './session-store-port.ts'

/** How long a rotated refresh token still gets its successor: tabs race and answers get lost (S22). */
const rotationGraceMs = 30_000

export interface ClientInfo {
  readonly userAgent?: string | null
  readonly ip?: string | null
}

/** What a sign-in or a refresh gives the browser or app. */
export interface TokenPair {
  readonly accessToken: string
  /** Null for a session that an operator made. */
  readonly refreshToken: string | null
  /** Seconds until the access token ends. */
  readonly expiresIn: number
  readonly sessionId: string
  readonly user: User
}

export interface SessionsDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly store: SessionStore
  readonly reads: SessionReads
  readonly gone: SessionUsers
  readonly tokens: AccessTokens
  readonly ended: EndedSessions
  readonly codes: Pick<SingleUseCodes, 'voidAll'>
  /** Whose an account is now; null when it is nobody's. */
  readonly holderOf: (account: AccountKey) => Promise<UserKey | null>
}

/** Sessions: made by a sign-in, kept alive by refresh tokens that work once, ended by logout or by an operator. */
export class Sessions {
  readonly #config: AuthConfig
  readonly #runtime: Runtime
  readonly #store: SessionStore
  readonly #reads: SessionReads
  readonly #gone: SessionUsers
  readonly #tokens: AccessTokens
  readonly #ended: EndedSessions
  readonly #codes: SessionsDependencies['codes']
  readonly #holderOf: SessionsDependencies['holderOf']

  constructor(dependencies: SessionsDependencies) {
    this.#config = dependencies.config
    this.#runtime = dependencies.runtime
    this.#store = dependencies.store
    this.#reads = dependencies.reads
    this.#gone = dependencies.gone
    this.#tokens = dependencies.tokens
    this.#ended = dependencies.ended
    this.#codes = dependencies.codes
    this.#holderOf = dependencies.holderOf
  }

  /**
   * A new session of a user who has just signed in. It ends when `account`, with which they did, is unlinked (S37).
   *
   * @throws FocusError `user_disabled`, or `invalid_grant` when the account was unlinked meanwhile
   */
  async start(
    user: User,
    provider: string,
    client: ClientInfo = {},
    account: AccountKey | null = null,
  ): Promise<TokenPair> {
    const refreshToken = newSecret(this.#runtime.random)
    const session = this.#newSession(user, provider, client, this.#config.sessionTtlSeconds)
    await this.#keep(session, sha256Hex(refreshToken), account)
    return await this.#pair(user, session, refreshToken)
  }

  /**
   * An access token without a refresh token, for an operator's tests (`focus token`). Its session is listed and can be
   * revoked like any other.
   */
  async startShort(user: User, ttlSeconds: number = this.#config.accessTtlSeconds): Promise<TokenPair> {
    const session = this.#newSession(assertEnabled(user), 'admin', {}, ttlSeconds)
    await this.#keep(session, null, null)
    return await this.#pair(user, session, null)
  }

  /**
   * A new pair for a refresh token, which then has done its work. Presented again within the grace, while its successor is
   * unused, it gets the same successor; presented later it ends the session (S22, RFC 9700 §4.14.2).
   *
   * @throws FocusError `invalid_grant`, `user_disabled`
   */
  async refresh(refreshToken: string, client: ClientInfo = {}): Promise<TokenPair> {
    const hash = sha256Hex(refreshToken)
    const found = await this.#store.findByRefreshHash(hash)
    if (!found) throw invalidRefreshToken()
    const { session, token } = found
    const now = this.#runtime.clock()
    if (session.endedAt !== null || now >= session.idleExpiresAt) throw invalidRefreshToken()
    const user = await this.#requireUser(session)
    const successor =
      token.rotatedAt === null
        ? await this.#rotate(refreshToken, session, client, now)
        : await this.#again(refreshToken)
    return await this.#pair(user, session, successor)
  }

  /** The user's devices, the last used first. */
  async list(userKey: UserKey): Promise<Session[]> {
    return await this.#store.listActive(userKey, this.#runtime.clock())
  }

  /** When a session ends unless it is used before, in milliseconds since 1970; null once it ended. */
  async endsAt(id: string): Promise<number | null> {
    const session = await this.#reads.get(id)
    if (!session || session.endedAt !== null) return null
    const user = await this.#gone.find(session.userKey)
    if (!user || user.disabled) return null
    const endsAt = Math.min(session.idleExpiresAt, session.expiresAt)
    return endsAt > this.#runtime.clock() ? endsAt : null
  }

  /** Ends one session, of `userKey` where given; false when there is no such session. */
  async end(id: string, reason: SessionEnd['reason'], userKey?: UserKey): Promise<boolean> {
    const session = await this.#reads.get(id)
    if (!session || session.endedAt !== null || (userKey !== undefined && session.userKey !== userKey)) return false
    await this.#end({ id }, reason)
    return true
  }

  /** Ends all sessions of a user, and the sign-ins that wait for their page; returns how many sessions. */
  async endAll(userKey: UserKey, reason: SessionEnd['reason']): Promise<number> {
    await this.#codes.voidAll(userKey)
    return await this.#end({ userKey }, reason)
  }

  /** Ends the sessions of a user that were started with an account; returns how many. */
  async endStartedWith(userKey: UserKey, account: AccountKey): Promise<number> {
    return await this.#end({ userKey, accountId: accountId(account) }, 'unlinked')
  }

  /**
   * The session that a refresh token belongs to; null once it ended.
   *
   * @returns `spent`: whether the token was used, and its grace is over
   */
  async ofRefreshToken(
    refreshToken: string,
  ): Promise<(Pick<Session, 'id' | 'userKey'> & { readonly spent: boolean }) | null> {
    const now = this.#runtime.clock()
    const found = await this.#store.findByRefreshHash(sha256Hex(refreshToken))
    if (!found || found.session.endedAt !== null || now >= found.session.idleExpiresAt) return null
    const { id, userKey } = found.session
    const { rotatedAt } = found.token
    return { id, userKey, spent: rotatedAt !== null && now - rotatedAt > rotationGraceMs }
  }

  /** Erases what has served its purpose; called in the background. */
  async purge(): Promise<void> {
    const now = this.#runtime.clock()
    await this.#store.purge({ graceEndedBefore: now - rotationGraceMs, goneBefore: now - 30 * 86_400_000 })
  }

  #newSession(user: User, provider: string, client: ClientInfo, ttlSeconds: number): Session {
    const now = this.#runtime.clock()
    const expiresAt = now + ttlSeconds * 1_000
    return {
      id: newSecret(this.#runtime.random).slice(0, 22),
      userKey: toUserKey(user.id),
      provider,
      userAgent: client.userAgent?.slice(0, 512) ?? null,
      ip: client.ip?.slice(0, 64) ?? null,
      createdAt: now,
      lastUsedAt: now,
      idleExpiresAt: Math.min(expiresAt, now + this.#config.idleTtlSeconds * 1_000),
      expiresAt,
      endedAt: null,
      endReason: null,
    }
  }

  /**
   * A user who was disabled or deleted, or whose account was unlinked, a moment ago keeps no session that was not there yet
   * when theirs were ended (S23, S37).
   */
  async #keep(session: Session, refreshHash: string | null, account: AccountKey | null): Promise<void> {
    await this.#store.create(session, refreshHash, account === null ? null : accountId(account))
    const user = await this.#gone.find(session.userKey)
    if (!user) throw sessionRevoked()
    assertEnabled(user)
    if (account === null || (await this.#holderOf(account)) === session.userKey) return
    await this.#end({ id: session.id }, 'unlinked')
    throw unlinked()
  }

  async #rotate(refreshToken: string, session: Session, client: ClientInfo, now: number): Promise<string> {
    const successor = newSecret(this.#runtime.random)
    const rotated = await this.#store.rotate({
      hash: sha256Hex(refreshToken),
      successorHash: sha256Hex(successor),
      successorSealed: seal(successor, refreshToken, successorContext, this.#runtime.random),
      session,
      userAgent: client.userAgent?.slice(0, 512) ?? session.userAgent,
      ip: client.ip?.slice(0, 64) ?? session.ip,
      now,
      idleExpiresAt: Math.min(session.expiresAt, now + this.#config.idleTtlSeconds * 1_000),
    })
    // Another tab was faster: it left the successor sealed for us.
    return rotated ? successor : await this.#again(refreshToken)
  }

  async #again(refreshToken: string): Promise<string> {
    const found = await this.#store.findByRefreshHash(sha256Hex(refreshToken))
    if (!found || found.session.endedAt !== null) throw invalidRefreshToken()
    const { rotatedAt, successorSealed } = found.token
    const inGrace = rotatedAt !== null && this.#runtime.clock() - rotatedAt <= rotationGraceMs
    const successor =
      inGrace && successorSealed !== null ? unseal(successorSealed, [refreshToken], successorContext) : null
    if (successor !== null) return successor
    await this.#end({ id: found.session.id }, 'reuse')
    this.#runtime.logger.warn('A used refresh token was presented again; its session was ended', {
      session: found.session.id,
      user: found.session.userKey,
    })
    throw invalidRefreshToken()
  }

  async #requireUser(session: Session): Promise<User> {
    const user = await this.#gone.find(session.userKey)
    if (!user) throw invalidRefreshToken()
    return assertEnabled(user)
  }

  async #pair(user: User, session: Session, refreshToken: string | null): Promise<TokenPair> {
    const now = this.#runtime.clock()
    // Access ends with its session, also where nobody refreshes it (S23).
    const remaining = Math.min(Math.floor((session.expiresAt - now) / 1_000), this.#config.idleTtlSeconds)
    const expiresIn = Math.max(1, Math.min(this.#config.accessTtlSeconds, remaining))
    const scopes = (await this.#config.scopes?.(user)) ?? []
    const accessToken = await this.#tokens.issue({
      scopes,
      userKey: session.userKey,
      sessionId: session.id,
      ttlSeconds: expiresIn,
    })
    return { accessToken, refreshToken, expiresIn, sessionId: session.id, user }
  }

  async #end(which: Parameters<SessionStore['end']>[0], reason: SessionEnd['reason']): Promise<number> {
    // Somebody who signed in thousands of times must not keep access for as long as it takes to end each.
    for (let count = 0; ; ) {
      const ends = await this.#store.end(which, reason, this.#runtime.clock())
      for (const end of ends) this.#ended.add(end)
      count += ends.length
      if (ends.length === 0 || 'id' in which) return count
    }
  }
}

const successorContext = 'refresh-token-successor'

function unlinked(): FocusError {
  return new FocusError('invalid_grant', 'The account was unlinked.', { hint: 'Sign in with another account.' })
}

function invalidRefreshToken(): FocusError {
  return new FocusError('invalid_grant', 'The refresh token is unknown, used, expired or revoked.', {
    hint: 'Sign in again.',
  })
}
