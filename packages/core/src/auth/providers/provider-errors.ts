import { errors as jose } from 'jose'
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'
import { FocusError } from '../../common/errors.ts'

/**
 * Converts an error of a request to a provider to a `FocusError`. The original errors carry codes, tokens and callback
 * parameters in their causes, so only their names and error codes are kept (S28).
 */
export function toProviderError(error: unknown, provider: string): FocusError {
  const ours = findFocusError(error)
  if (ours) return ours
  if (error instanceof ResponseBodyError) return refusedByProvider(error, provider)
  if (error instanceof AuthorizationResponseError) {
    return new FocusError('provider_error', `${provider} refused the sign-in: ${printable(error.error)}.`)
  }
  if (isAboutTheIdToken(error)) {
    return new FocusError('id_token_invalid', `The ID token of ${provider} was refused (${messageOf(error)}).`, {
      hint: 'Start the sign-in again. If the error persists, check the client ID and the clocks of both servers.',
    })
  }
  if (isAboutTheNetwork(error)) {
    return new FocusError('provider_unreachable', `${provider} could not be reached (${messageOf(error)}).`, {
      hint: 'Try again. If the error persists, check the issuer, the network and the provider.',
      retryAfterSeconds: 5,
    })
  }
  return new FocusError(
    'provider_error',
    `${provider} sent a response that does not follow OpenID Connect (${messageOf(error)}).`,
    {
      hint: 'Check the issuer: its discovery document must name the same issuer, and every endpoint must return JSON.',
    },
  )
}

/**
 * Returns the error for a token endpoint that refuses the client (RFC 6749 §5.2): `invalid_client`, or any 401. Returns null
 * for every other error.
 */
export function clientRefusal(error: unknown, provider: string, method: string): FocusError | null {
  const refused =
    error instanceof WWWAuthenticateChallengeError ||
    (error instanceof ResponseBodyError && (error.error === 'invalid_client' || error.status === 401)) ||
    (error instanceof ClientError && error.cause instanceof Response && error.cause.status === 401)
  if (!refused) return null
  return new FocusError('provider_error', `${provider} refused the client authentication (${method}).`, {
    hint: 'Check the client ID and the client secret (GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET), and the method that the client is registered with: tokenEndpointAuthMethod of oidc() forces one.',
  })
}

function refusedByProvider({ error }: ResponseBodyError, provider: string): FocusError {
  if (error === 'invalid_grant') {
    return new FocusError('invalid_grant', `${provider} refused the code: it is wrong, used or expired.`, {
      hint: 'Start the sign-in again.',
    })
  }
  const hints: Record<string, string> = {
    unauthorized_client: 'Check the client ID and the client secret (GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET).',
    redirect_uri_mismatch: 'The redirect URI must be registered with the provider exactly as in GOOGLE_REDIRECT_URI.',
  }
  const hint = hints[error]
  return new FocusError(
    'provider_error',
    `${provider} refused the exchange: ${printable(error)}.`,
    hint ? { hint } : {},
  )
}

/** Finds the error of our own `fetch`, which the calling library wraps. */
function findFocusError(error: unknown): FocusError | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof FocusError) return at
  return null
}

const idTokenCodes = new Set([
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_UNSUPPORTED_OPERATION',
])

function isAboutTheIdToken(error: unknown): boolean {
  if (error instanceof jose.JOSEError) return error.code !== 'ERR_JWKS_INVALID'
  return error instanceof ClientError && idTokenCodes.has(error.code ?? '')
}

function isAboutTheNetwork(error: unknown): boolean {
  if (error instanceof ClientError) {
    if (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT') return true
    return error.code === undefined && isAboutTheNetwork(error.cause)
  }
  if (error instanceof DOMException) return error.name === 'TimeoutError' || error.name === 'AbortError'
  return error instanceof TypeError && error.message === 'fetch failed'
}

/** Returns the name or code of an error, and never a value. */
function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null
  const cause = 'cause' in error && typeof error.cause === 'object' && error.cause !== null ? error.cause : null
  const deeper = cause && 'code' in cause && typeof cause.code === 'string' ? cause.code : null
  const name = error instanceof Error ? error.name : 'unknown'
  return printable(code ?? deeper ?? name)
}

/** Error codes of a provider are short words; any other text could be a secret. */
function printable(text: string): string {
  return /^[\w.-]{1,64}$/.test(text) ? text : 'an unknown error'
}
