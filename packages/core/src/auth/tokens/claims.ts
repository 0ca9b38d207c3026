import { errors } from 'jose'
import { tokenExpired, invalidToken } from './token-errors.ts'

/** Clocks of two servers may differ by this much (S19). */
export const clockToleranceSeconds = 30
/** Far above any token that is meant for us; what is longer is not looked at. */
export const maxTokenLength = 8_192

/** Signatures that a published key can check; never the symmetric ones or none (RFC 8725 §3.1). */
export const asymmetricAlgorithms: readonly string[] =
  'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

/**
 * Refuses a token of the future (S19), which jose does only with a maximal age.
 *
 * @throws FocusError `invalid_token`
 */
export function assertIssuedInThePast(iat: number | undefined, now: number): void {
  if (iat !== undefined && iat * 1_000 > now + clockToleranceSeconds * 1_000) throw invalidToken()
}

/** The scopes of a token: a text with spaces (RFC 8693 §4.2), or the list that some issuers write. */
export function scopesOf(scope: unknown): readonly string[] {
  if (Array.isArray(scope)) return scope.filter((entry) => typeof entry === 'string')
  return typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
}

/** What a token's verification failed of, without a word of the token. */
export function toTokenError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return tokenExpired()
  if (error instanceof errors.JOSEError) return invalidToken()
  // What is not about the token (the database, a bug) must not look as if it were.
  return error
}
