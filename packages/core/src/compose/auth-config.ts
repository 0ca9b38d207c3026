import { type AuthConfig, authDefaults, type TokenSettings } from '../auth/auth-config.ts'
import { FocusError } from '../common/errors.ts'
import type { FocusOptions } from '../options/options.ts'
import type { OriginPolicy } from '../net/origin-policy.ts'
import type { Resolved } from '../options/resolve.ts'

/** The sign-in room's configuration. @throws FocusError `invalid_option` */
export function authConfigOf(
  options: FocusOptions,
  resolved: Resolved,
  made: { readonly secrets: readonly string[]; readonly origins: OriginPolicy },
): AuthConfig {
  const { values, publicUrl, basePath, providers } = resolved
  const tokens = tokenSettings(options.tokens ?? {})
  if (tokens.kind === 'external' && providers.length > 0) {
    throw invalid(
      'tokens.jwksUri',
      'cannot be used together with sign-in providers',
      'Leave the providers out, or tokens.jwksUri.',
    )
  }
  return {
    ...authDefaults,
    ...made,
    providers,
    publicUrl,
    basePath,
    issuer: options.tokens?.issuer ?? publicUrl ?? authDefaults.issuer,
    audience: [options.tokens?.audience ?? authDefaults.audience].flat()[0] ?? authDefaults.audience,
    accessTtlSeconds: values.accessTtlSeconds ?? authDefaults.accessTtlSeconds,
    idleTtlSeconds: options.tokens?.idleTtlSeconds ?? authDefaults.idleTtlSeconds,
    sessionTtlSeconds: options.tokens?.sessionTtlSeconds ?? authDefaults.sessionTtlSeconds,
    requireIss: options.oauth?.requireIss ?? authDefaults.requireIss,
    refreshDelivery: options.oauth?.refreshDelivery ?? authDefaults.refreshDelivery,
    returnTo: values.returnTo ?? authDefaults.returnTo,
    tokens,
    scopes: options.tokens?.scopes,
  }
}

function tokenSettings(tokens: NonNullable<FocusOptions['tokens']>): TokenSettings {
  const { secret, keys, jwksUri, issuer, audience, typ, userIdClaim } = tokens
  const chosen = Object.entries({ secret, keys, jwksUri }).filter(([, value]) => value !== undefined)
  if (chosen.length > 1) {
    const names = chosen.map(([name]) => `tokens.${name}`).join(' and ')
    throw invalid(names, 'exclude each other', 'Give one of them.')
  }
  if (secret !== undefined) {
    const secrets = [secret].flat()
    if (secrets.length === 0 || secrets.some((one) => one.length < 32)) {
      throw invalid('tokens.secret', 'needs at least 32 characters', 'Use the output of `openssl rand -base64 48`.')
    }
    return { kind: 'secret', secrets }
  }
  if (keys !== undefined) {
    if (keys.length === 0) throw invalid('tokens.keys', 'is empty', 'Give a private JWK, the signing one first.')
    return { kind: 'keys', keys }
  }
  if (jwksUri === undefined) return { kind: 'managed' }
  if (issuer === undefined || audience === undefined) {
    throw invalid(
      'tokens.jwksUri',
      'needs tokens.issuer and tokens.audience',
      'Give the `iss` and `aud` of the tokens that are accepted.',
    )
  }
  return { kind: 'external', jwksUri, issuer, audience, typ, userIdClaim }
}

function invalid(name: string, problem: string, hint: string): FocusError {
  return new FocusError('invalid_option', `${name}: ${problem}.`, { hint })
}
