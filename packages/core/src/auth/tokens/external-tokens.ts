import { errors, type JWTPayload } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserId, UserKey } from '../../common/user-id.ts'
import { assertProviderUrl, providerFetch } from '../providers/provider-fetch.ts'
import { RemoteKeySet } from '../keys/remote-key-set.ts'
import type { EndedSessions } from '../sessions/ended-sessions.ts'
import type { Principal, TokenVerifier } from '../ports.ts'
import {
  assertIssuedInThePast,
  asymmetricAlgorithms,
  clockToleranceSeconds,
  maxTokenLength,
  scopesOf,
  toTokenError,
} from './claims.ts'
import { invalidToken } from './token-errors.ts'
import { VerifiedTokens } from './verified-tokens.ts'
import { isStorable } from '../../common/text/storable.ts'

/**
 * Access tokens of another issuer: `createFocus({ tokens: { jwksUri, issuer, audience } })`. The form of a token (S16), its use
 * (S17) and its revocation (S23) are then up to that issuer.
 */
export interface ExternalTokenSettings {
  readonly jwksUri: string
  readonly issuer: string
  readonly audience: string | readonly string[]
  /** Required header `typ` (RFC 9068 §2.1); false accepts any `typ`, and none. */
  readonly typ?: string | false
  /** Claim that holds the user's id. */
  readonly userIdClaim?: string
}

export const externalTokenDefaults = { typ: 'at+jwt', userIdClaim: 'sub' } as const

/** Pause between two reads of the keys while none is held, because thousands of tokens may arrive. */
const failurePauseMs = 1_000

export interface ExternalTokensDependencies {
  readonly settings: ExternalTokenSettings
  readonly runtime: Runtime
  readonly ended: EndedSessions
  readonly userId: (key: UserKey) => UserId
}

export class ExternalTokens implements TokenVerifier {
  readonly #settings: Required<ExternalTokenSettings>
  readonly #runtime: Runtime
  readonly #userId: (key: UserKey) => UserId
  readonly #keys: RemoteKeySet
  readonly #verified: VerifiedTokens

  constructor({ settings, runtime, ended, userId }: ExternalTokensDependencies) {
    assertProviderUrl(settings.jwksUri)
    this.#settings = { ...externalTokenDefaults, ...settings }
    this.#runtime = runtime
    this.#verified = new VerifiedTokens(runtime.clock, ended)
    this.#userId = userId
    this.#keys = new RemoteKeySet({
      url: settings.jwksUri,
      owner: 'the token issuer',
      fetch: providerFetch(runtime.fetch),
      clock: runtime.clock,
      logger: runtime.logger,
      pauseMs: failurePauseMs,
    })
  }

  verify(token: string): Promise<Principal> {
    return this.#verified.principalOf(token, this.#verifyUnknown)
  }

  known(token: string): Principal | null {
    return this.#verified.known(token)
  }

  readonly #verifyUnknown = async (token: string): Promise<Principal> => {
    if (token.length > maxTokenLength) throw invalidToken()
    const { issuer, audience, typ } = this.#settings
    const options = {
      algorithms: [...asymmetricAlgorithms],
      issuer,
      audience: typeof audience === 'string' ? audience : [...audience],
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(this.#runtime.clock()),
      requiredClaims: ['exp'],
      ...(typ === false ? {} : { typ }),
    }
    try {
      const payload = await this.#keys.verify(token, options, false)
      assertIssuedInThePast(payload.iat, this.#runtime.clock())
      return this.#toPrincipal(payload)
    } catch (error) {
      if (isAboutTheKeySet(error)) throw unreachable()
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'typ') throw wrongType(String(typ))
      throw toTokenError(error)
    }
  }

  #toPrincipal(payload: JWTPayload): Principal {
    const userKey = payload[this.#settings.userIdClaim]
    const { sid, exp } = payload
    if (typeof userKey !== 'string' || userKey === '' || userKey.length > 191 || exp === undefined) throw invalidToken()
    // Lone surrogates have no UTF-8 form, so two users would be stored as one.
    if (!isStorable(userKey)) throw invalidToken()
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
  if (error instanceof errors.JWKSInvalid) return true
  if (error instanceof FocusError) return error.code === 'provider_error'
  return error instanceof TypeError || error instanceof DOMException
}

function wrongType(expected: string): FocusError {
  return new FocusError('invalid_token', `The token does not have the type ${expected}.`, {
    hint: 'Send an access token, not an ID token. If the issuer uses another type or none for access tokens, set the option tokens.typ on the server.',
  })
}

function unreachable(): FocusError {
  return new FocusError('provider_unreachable', 'The keys of the token issuer cannot be read.', {
    hint: 'Check tokens.jwksUri and the network.',
    retryAfterSeconds: 5,
  })
}
