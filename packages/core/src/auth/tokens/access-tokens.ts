import { errors, jwtVerify, SignJWT } from 'jose'
import { FocusError } from '../../errors.ts'
import type { Runtime } from '../../runtime.ts'
import type { UserId, UserKey } from '../../user-id.ts'
import { accessTokenClientId, type AuthConfig } from '../config.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { newSecret } from '../secrets.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { Principal, TokenVerifier } from '../types.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** Clocks of two servers may differ by this much (S19). */
export const clockToleranceSeconds = 30
/** Far above any token of ours; what is longer is not looked at. */
const maxTokenLength = 8_192

export interface AccessTokenGrant {
  readonly userKey: UserKey
  readonly sessionId: string
  readonly ttlSeconds: number
}

export interface AccessTokensDependencies {
  readonly config: AuthConfig
  readonly runtime: Runtime
  readonly keys: KeyRing
  readonly ended: EndedSessions
  /** Between the keys in tokens and the application's ids. */
  readonly userId: (key: UserKey) => UserId
}

/** Our own access tokens: JWTs by RFC 9068, signed with the key ring. */
export class AccessTokens implements TokenVerifier {
  readonly #config: AuthConfig
  readonly #runtime: Runtime
  readonly #keys: KeyRing
  readonly #ended: EndedSessions
  readonly #userId: (key: UserKey) => UserId
  readonly #verified = new VerifiedTokens()

  constructor({ config, runtime, keys, ended, userId }: AccessTokensDependencies) {
    this.#config = config
    this.#runtime = runtime
    this.#keys = keys
    this.#ended = ended
    this.#userId = userId
  }

  async issue({ userKey, sessionId, ttlSeconds }: AccessTokenGrant): Promise<string> {
    const { kid, alg, privateKey } = await this.#keys.signing()
    const now = Math.floor(this.#runtime.clock() / 1_000)
    return await new SignJWT({ sid: sessionId, client_id: accessTokenClientId })
      .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
      .setIssuer(this.#config.issuer)
      .setAudience(this.#config.audience)
      .setSubject(userKey)
      .setJti(newSecret(this.#runtime.random).slice(0, 22))
      .setIssuedAt(now)
      .setExpirationTime(now + ttlSeconds)
      .sign(privateKey)
  }

  async verify(token: string): Promise<Principal> {
    const principal = this.#verified.get(token) ?? (await this.#verifyAnew(token))
    if (this.#runtime.clock() >= principal.expiresAt) throw expired()
    if (principal.sessionId !== null && this.#ended.has(principal.sessionId)) {
      throw new FocusError('session_revoked', 'The session of this token has ended.', { hint: 'Sign in again.' })
    }
    return principal
  }

  async #verifyAnew(token: string): Promise<Principal> {
    if (token.length > maxTokenLength) throw invalid()
    try {
      const { payload } = await jwtVerify(token, (header) => this.#keys.verification(header.kid, header.alg), {
        algorithms: [...this.#keys.algorithms],
        issuer: this.#config.issuer,
        audience: this.#config.audience,
        typ: 'at+jwt',
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#runtime.clock()),
        requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub', 'jti', 'sid', 'client_id'],
      })
      const { sub, sid, exp, iat } = payload
      if (typeof sub !== 'string' || typeof sid !== 'string' || exp === undefined || iat === undefined) throw invalid()
      if (iat * 1_000 > this.#runtime.clock() + clockToleranceSeconds * 1_000) throw invalid()
      const principal = {
        userKey: sub,
        userId: this.#userId(sub),
        sessionId: sid,
        scopes: scopesOf(payload['scope']),
        expiresAt: exp * 1_000,
      }
      this.#verified.set(token, principal)
      return principal
    } catch (error) {
      throw toTokenError(error)
    }
  }
}

function scopesOf(scope: unknown): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
}

function toTokenError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return expired()
  if (error instanceof errors.JOSEError) return invalid()
  // What is not about the token (the database, a bug) must not look as if it were.
  return error
}

function expired(): FocusError {
  return new FocusError('token_expired', 'The access token has expired.', {
    hint: 'Get a new one with the refresh token (POST /auth/refresh), or sign in again.',
  })
}

function invalid(): FocusError {
  return new FocusError('invalid_token', 'The access token is not valid here.', {
    hint: 'Send an access_token that this server issued, unchanged.',
  })
}
