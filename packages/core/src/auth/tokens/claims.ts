import { errors } from 'jose'
import { tokenExpired, invalidToken } from './token-errors.ts'

/** Accepted difference between the clocks of two servers (S19). */
export const clockToleranceSeconds = 30
/** Well above the length of any legitimate token; longer ones are refused unread. */
export const maxTokenLength = 8_192

/** Signature algorithms with a public key; never symmetric ones or `none` (RFC 8725 §3.1). */
export const asymmetricAlgorithms: readonly string[] =
  'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

/**
 * Refuses a token that was issued in the future (S19). jose checks this only together with a maximum age.
 *
 * @throws FocusError `invalid_token`
 */
export function assertIssuedInThePast(iat: number | undefined, now: number): void {
  if (iat !== undefined && iat * 1_000 > now + clockToleranceSeconds * 1_000) throw invalidToken()
}

/** Shared, because most tokens have no scopes. */
const noScopes: readonly string[] = Object.freeze([])

/** Returns the scopes of a token: a text with spaces (RFC 8693 §4.2), or a list, as some issuers write. */
export function scopesOf(scope: unknown): readonly string[] {
  if (Array.isArray(scope)) return scope.filter((entry) => typeof entry === 'string')
  return typeof scope === 'string' && scope !== '' ? scope.split(' ').filter(Boolean) : noScopes
}

/** Converts an error of a verification, without any content of the token. */
export function toTokenError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return tokenExpired()
  if (error instanceof errors.JOSEError) return invalidToken()
  // Errors with other causes (the database, a bug) must not look like errors of the token.
  return error
}
