import type { AuthConfig, TokenSettings } from '../auth/auth-config.ts'
import { google } from '../auth/providers/google.ts'
import type { Provider } from '../auth/providers/provider.ts'
import { FocusError } from '../common/errors.ts'
import type { Values } from '../schema/option-table.ts'
import type { authOptions } from './auth-options.ts'
import type { HttpSettings } from './http-options.ts'

type AuthValues = Values<typeof authOptions>

/** The part of the configuration of sign-in that follows from the options. */
export type AuthSettings = Omit<AuthConfig, 'secrets' | 'origins' | 'flowTtlSeconds' | 'healIntervalMs'>

const ownName = 'focus'

/** @throws FocusError `invalid_option` for options that exclude or require each other */
export function authSettings(values: AuthValues, http: HttpSettings): AuthSettings {
  const { publicUrl, basePath } = http
  const { accessTtlSeconds, idleTtlSeconds, sessionTtlSeconds, requireIss, refreshDelivery, returnTo } = values
  const providers = providersOf(values, `${http.address}${basePath}/auth/google/callback`)
  const tokens = tokenSettings(values)
  if (tokens.kind === 'external' && providers.length > 0) {
    throw invalid(
      'tokens.jwksUri',
      'cannot be used together with sign-in providers',
      'Leave the providers out, or tokens.jwksUri.',
    )
  }
  return {
    providers,
    publicUrl,
    basePath,
    issuer: values.issuer ?? publicUrl ?? ownName,
    audience: [values.audience ?? ownName].flat()[0] ?? ownName,
    accessTtlSeconds,
    idleTtlSeconds,
    sessionTtlSeconds,
    requireIss,
    refreshDelivery,
    returnTo,
    tokens,
    scopes: values.scopes ?? undefined,
  }
}

/** Returns Google, if it is configured, and the further providers; none while sign-in is switched off. */
function providersOf(values: AuthValues, defaultRedirectUri: string): readonly Provider[] {
  const { signInEnabled, providers, googleClientId: clientId, googleClientSecret: clientSecret } = values
  if (signInEnabled === false) return []
  if (clientId === null && clientSecret === null) {
    if (signInEnabled && providers.length === 0) {
      throw missing('GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET', 'OAUTH_ENABLED is on')
    }
    return providers
  }
  if (clientId === null) throw missing('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET is set')
  if (clientSecret === null) throw missing('GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID is set')
  const redirectUri = values.googleRedirectUri ?? defaultRedirectUri
  return [google({ clientId, clientSecret, redirectUri, issuer: values.googleIssuer ?? undefined }), ...providers]
}

function tokenSettings(values: AuthValues): TokenSettings {
  const { tokenSecret: secret, tokenKeys: keys, jwksUri, issuer, audience } = values
  const chosen = Object.entries({ secret, keys, jwksUri }).filter(([, value]) => value !== null)
  if (chosen.length > 1) {
    const names = chosen.map(([name]) => `tokens.${name}`).join(' and ')
    throw invalid(names, 'exclude each other', 'Set only one of them.')
  }
  if (secret !== null) return { kind: 'secret', secrets: [secret].flat() }
  if (keys !== null) return { kind: 'keys', keys }
  if (jwksUri === null) return { kind: 'managed' }
  if (issuer === null || audience === null) {
    throw invalid(
      'tokens.jwksUri',
      'needs tokens.issuer and tokens.audience',
      'Set them to the `iss` and `aud` of the accepted tokens.',
    )
  }
  return { kind: 'external', jwksUri, issuer, audience, typ: values.tokenType, userIdClaim: values.userIdClaim }
}

function missing(name: string, because: string): FocusError {
  return invalid(
    name,
    `missing, although ${because}`,
    'Copy the client ID and the client secret from the Google Cloud Console, APIs & Services > Credentials, or set OAUTH_ENABLED=False.',
  )
}

function invalid(name: string, problem: string, hint: string): FocusError {
  return new FocusError('invalid_option', `${name}: ${problem}.`, { hint })
}
