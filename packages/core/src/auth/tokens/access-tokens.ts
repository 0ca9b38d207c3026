import { setTimeout as delay } from 'node:timers/promises'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { Debug } from '../../common/logging/debug.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserId, UserKey } from '../../common/user-id.ts'
import { accessTokenClientId, type AuthConfig } from '../auth-config.ts'
import { newSecret } from '../../secrets/new-secret.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { SessionReads } from '../sessions/session-reads.ts'
import type { Principal, TokenVerifier } from '../ports.ts'
import { assertIssuedInThePast, clockToleranceSeconds, maxTokenLength, scopesOf, toTokenError } from './claims.ts'
import { FamiliarTokens } from './familiar-tokens.ts'
import { invalidToken, sessionRevoked } from './token-errors.ts'
import type { TokenKeys } from '../keys/token-keys.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** Age below which a token's session may not have reached a database replica yet. */
const replicationMs = 10_000
const replicationPauseMs = 300

const requiredClaims: readonly string[] = ['iss', 'aud', 'exp', 'iat', 'sub', 'jti', 'sid', 'client_id']

export interface AccessTokenGrant {
  readonly userKey: UserKey
  readonly sessionId: string
  readonly ttlSeconds: number
  readonly scopes: readonly string[]
}

export interface AccessTokensDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly keys: TokenKeys
  readonly ended: EndedSessions
  readonly sessions: SessionReads
  /** Checks the user of a valid token that is new to this node; rejects to refuse the token. */
  readonly admit: (principal: Principal) => Promise<unknown>
  /** Converts the user keys in tokens to the application's ids. */
  readonly userId: (key: UserKey) => UserId
}

/** Our own access tokens: JWTs (RFC 9068), signed with one of our keys. */
export class AccessTokens implements TokenVerifier {
  readonly #config: AuthConfig
  readonly #runtime: Runtime
  readonly #keys: TokenKeys
  readonly #sessions: SessionReads
  readonly #userId: (key: UserKey) => UserId
  readonly #admit: AccessTokensDependencies['admit']
  readonly #verified: VerifiedTokens
  readonly #familiar: FamiliarTokens
  readonly #debug: Debug
  #generation = 0

  constructor({ config, runtime, keys, ended, sessions, admit, userId }: AccessTokensDependencies) {
    this.#config = config
    this.#runtime = runtime
    this.#keys = keys
    this.#sessions = sessions
    this.#verified = new VerifiedTokens(runtime.clock, ended)
    this.#familiar = new FamiliarTokens({ ...config, keys, requiredClaims })
    this.#debug = runtime.debug('tokens')
    this.#userId = userId
    this.#admit = admit
  }

  async issue({ userKey, sessionId, ttlSeconds, scopes }: AccessTokenGrant): Promise<string> {
    const { kid, alg, key } = await this.#keys.signing()
    const now = Math.floor(this.#runtime.clock() / 1_000)
    return await new SignJWT({
      sid: sessionId,
      client_id: accessTokenClientId,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    })
      .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
      .setIssuer(this.#config.issuer)
      .setAudience(this.#config.audience)
      .setSubject(userKey)
      .setJti(newSecret(this.#runtime.random).slice(0, 22))
      .setIssuedAt(now)
      .setExpirationTime(now + ttlSeconds)
      .sign(key)
  }

  verify(token: string): Promise<Principal> {
    this.#forgetOldKeys()
    return this.#verified.principalOf(token, this.#verifyUnknown)
  }

  /** Drops the verified tokens, so that each is verified again together with its session. */
  forget(): void {
    this.#verified.clear()
  }

  known(token: string): Principal | null {
    this.#forgetOldKeys()
    return this.#verified.known(token)
  }

  #forgetOldKeys(): void {
    if (this.#generation === this.#keys.generation) return
    this.#generation = this.#keys.generation
    this.#verified.clear()
    this.#familiar.forget()
  }

  readonly #verifyUnknown = async (token: string): Promise<Principal> => {
    const principal = await this.#verifyToken(token)
    await this.#admit(principal)
    return principal
  }

  async #verifyToken(token: string): Promise<Principal> {
    if (token.length > maxTokenLength) throw invalidToken()
    try {
      const payload = (await this.#familiar.claimsOf(token, this.#runtime.clock())) ?? (await this.#claimsOf(token))
      const { sub, sid, exp, iat } = payload
      if (typeof sub !== 'string' || typeof sid !== 'string' || exp === undefined || iat === undefined)
        throw invalidToken()
      assertIssuedInThePast(iat, this.#runtime.clock())
      await this.#requireSession(sid, sub, iat * 1_000)
      return {
        userKey: sub,
        userId: this.#userId(sub),
        sessionId: sid,
        scopes: scopesOf(payload['scope']),
        expiresAt: exp * 1_000,
      }
    } catch (error) {
      if (this.#debug.enabled) this.#debug('token refused', { reason: reasonOf(error) })
      throw toTokenError(error)
    }
  }

  /** @throws errors of jose */
  async #claimsOf(token: string): Promise<JWTPayload> {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      (header) => this.#keys.verification(header.kid, header.alg),
      {
        algorithms: [...this.#keys.algorithms],
        issuer: this.#config.issuer,
        audience: this.#config.audience,
        typ: 'at+jwt',
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#runtime.clock()),
        requiredClaims: [...requiredClaims],
      },
    )
    this.#familiar.learn(token, protectedHeader)
    return payload
  }

  /**
   * Requires the session of a token in this database: after a restore, new users get the ids of lost ones, whose old tokens
   * would then be valid for them (S38). The session is read once per token; from then on the token is known.
   */
  async #requireSession(id: string, userKey: UserKey, issuedAt: number): Promise<void> {
    let session = await this.#sessions.get(id)
    if (!session && this.#runtime.clock() - issuedAt < replicationMs) {
      // Another node has just created the session, and the replica that this node reads may not have it yet.
      await delay(replicationPauseMs)
      session = await this.#sessions.get(id)
    }
    if (session?.userKey !== userKey || session.endedAt !== null) throw sessionRevoked()
  }
}

/** Messages of jose and of Focus hold no part of a token. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JOSEError || error instanceof FocusError) return error.message
  return error instanceof Error ? error.name : 'unknown'
}
