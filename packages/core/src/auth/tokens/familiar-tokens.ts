import type { JWTHeaderParameters, JWTPayload } from 'jose'
import type { TokenKeys } from '../keys/token-keys.ts'
import { clockToleranceSeconds } from './claims.ts'
import { SignatureChecks } from './signature-checks.ts'
import { invalidToken } from './token-errors.ts'

/** Headers that are remembered: one for each key that signs, and some more while keys are replaced. */
const maxHeaders = 16
/** Three parts in base64url; the last is an Ed25519 signature, whose last character has four unused bits. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/

export interface FamiliarTokensDependencies {
  readonly keys: Pick<TokenKeys, 'published' | 'own'>
  readonly issuer: string
  readonly audience: string
  /** Claims that a token must have; the numeric dates are among them. */
  readonly requiredClaims: readonly string[]
}

/**
 * Verifies tokens that look like earlier ones, for a fraction of the work: all tokens of a key have the same header, so jose
 * examines it once. Ed25519 signatures only. A token that is new in any other way is left to jose, which decides about it.
 */
export class FamiliarTokens {
  readonly #keys: Pick<TokenKeys, 'published' | 'own'>
  readonly #issuer: string
  readonly #audience: string
  readonly #requiredClaims: readonly string[]
  readonly #signatures = new SignatureChecks()
  /** The key of each header that jose accepted together with a signature, by its text. */
  readonly #headers = new Map<string, { readonly kid: string | undefined; readonly alg: string }>()

  constructor({ keys, issuer, audience, requiredClaims }: FamiliarTokensDependencies) {
    this.#keys = keys
    this.#issuer = issuer
    this.#audience = audience
    this.#requiredClaims = requiredClaims
  }

  /** Remembers the header of a token that jose has verified. */
  learn(token: string, { kid, alg }: JWTHeaderParameters): void {
    if (this.#keys.published(kid, alg)?.asymmetricKeyType !== 'ed25519') return
    if (this.#headers.size >= maxHeaders) this.#headers.clear()
    this.#headers.set(headerOf(token), { kid, alg })
  }

  forget(): void {
    this.#headers.clear()
  }

  /**
   * Returns the claims of a token; null if jose must decide about it.
   *
   * @param now milliseconds since 1970
   * @throws FocusError `invalid_token` if the signature is wrong
   */
  async claimsOf(token: string, now: number): Promise<JWTPayload | null> {
    const header = this.#headers.get(headerOf(token))
    if (header === undefined || !compactForm.test(token)) return null
    // Looked up each time, because a key may have retired.
    const publicKey = this.#keys.published(header.kid, header.alg)
    const end = token.lastIndexOf('.')
    const claims = publicKey === null ? null : parse(token.slice(token.indexOf('.') + 1, end))
    if (publicKey === null || claims === null || !this.#areInOrder(claims, now / 1_000)) return null
    const signed = {
      bytes: Buffer.from(token.slice(0, end), 'latin1'),
      signature: Buffer.from(token.slice(end + 1), 'base64url'),
      publicKey,
      privateKey: this.#keys.own(header.kid, header.alg),
    }
    if (await this.#signatures.isValid(signed)) return claims
    throw invalidToken()
  }

  #areInOrder(claims: JWTPayload, now: number): boolean {
    const { iss, aud, exp, iat, nbf } = claims
    return (
      iss === this.#issuer &&
      aud === this.#audience &&
      nbf === undefined &&
      typeof iat === 'number' &&
      typeof exp === 'number' &&
      exp > Math.floor(now) - clockToleranceSeconds &&
      this.#requiredClaims.every((claim) => Object.hasOwn(claims, claim))
    )
  }
}

function headerOf(token: string): string {
  return token.slice(0, Math.max(0, token.indexOf('.')))
}

function parse(payload: string): JWTPayload | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return isObject(claims) ? claims : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is JWTPayload {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
