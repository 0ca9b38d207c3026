import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose'
import { FocusError } from '../../errors.ts'
import type { Runtime } from '../../runtime.ts'
import type { UserId, UserKey } from '../../user-id.ts'
import { assertOutboundUrl, outboundFetch } from '../providers/outbound.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { Principal, TokenVerifier } from '../types.ts'
import { asymmetricAlgorithms, clockToleranceSeconds, maxTokenLength, scopesOf, toTokenError } from './claims.ts'
import { invalid } from './refusals.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/**
 * Access tokens that somebody else issues: `createFocus({ tokens: { jwksUri, issuer, audience } })`. What makes a good
 * token (S16), what it is used for (S17) and when it is revoked (S23) is then that issuer's business.
 */
export interface ExternalTokenSettings {
  readonly jwksUri: string
  readonly issuer: string
  readonly audience: string | readonly string[]
  /** Header `typ` that tokens must have, such as `at+jwt`; any when absent. */
  readonly typ?: string | undefined
  /** Claim that holds the user's id; `sub` when absent. */
  readonly userIdClaim?: string | undefined
}

export interface ExternalTokensDependencies {
  readonly settings: ExternalTokenSettings
  readonly runtime: Runtime
  readonly ended: EndedSessions
  readonly userId: (key: UserKey) => UserId
}

export class ExternalTokens implements TokenVerifier {
  readonly #settings: ExternalTokenSettings
  readonly #runtime: Runtime
  readonly #userId: (key: UserKey) => UserId
  readonly #keys: ReturnType<typeof createRemoteJWKSet>
  readonly #verified: VerifiedTokens

  constructor({ settings, runtime, ended, userId }: ExternalTokensDependencies) {
    assertOutboundUrl(settings.jwksUri)
    this.#settings = settings
    this.#runtime = runtime
    this.#verified = new VerifiedTokens(runtime.clock, ended)
    this.#userId = userId
    this.#keys = createRemoteJWKSet(new URL(settings.jwksUri), { [customFetch]: outboundFetch(runtime.fetch) })
  }

  verify(token: string): Promise<Principal> {
    return this.#verified.principalOf(token, this.#verifyAnew)
  }

  known(token: string): Principal | null {
    return this.#verified.known(token)
  }

  readonly #verifyAnew = async (token: string): Promise<Principal> => {
    if (token.length > maxTokenLength) throw invalid()
    const { issuer, audience, typ } = this.#settings
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms: [...asymmetricAlgorithms],
        issuer,
        audience: typeof audience === 'string' ? audience : [...audience],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#runtime.clock()),
        requiredClaims: ['exp'],
        ...(typ === undefined ? {} : { typ }),
      })
      return this.#toPrincipal(payload)
    } catch (error) {
      if (isAboutTheKeySet(error)) throw unreachable()
      throw toTokenError(error)
    }
  }

  #toPrincipal(payload: JWTPayload): Principal {
    const userKey = payload[this.#settings.userIdClaim ?? 'sub']
    const { sid, exp } = payload
    if (typeof userKey !== 'string' || userKey === '' || userKey.length > 191 || exp === undefined) throw invalid()
    // Halves of characters have no UTF-8 form: two people would share what is kept of them.
    if (!userKey.isWellFormed()) throw invalid()
    return {
      userKey,
      userId: this.#userId(userKey),
      sessionId: typeof sid === 'string' ? sid : null,
      scopes: scopesOf(payload['scope'] ?? payload['scp']),
      expiresAt: exp * 1_000,
    }
  }
}

function isAboutTheKeySet(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true
  // jose's plain error is its word for an answer that is not a key set.
  if (error instanceof errors.JOSEError) return error.code === 'ERR_JOSE_GENERIC'
  if (error instanceof FocusError) return error.code === 'provider_error'
  return error instanceof TypeError || error instanceof DOMException
}

function unreachable(): FocusError {
  return new FocusError('provider_unreachable', 'The keys of the token issuer cannot be read.', {
    hint: 'Check tokens.jwksUri and the network.',
    retryAfterSeconds: 5,
  })
}
