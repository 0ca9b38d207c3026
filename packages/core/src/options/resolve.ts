import { google } from '../auth/providers/google.ts'
import type { Provider } from '../auth/providers/provider.ts'
import { FocusError } from '../common/errors.ts'
import type { FocusOptions } from './options.ts'
import { assertFocusOptions } from './schema.ts'
import { type Environment, readSettings, type SettingValues, unknownVariables } from './settings.ts'

/** Options and environment, checked and with every default in place. */
export interface Resolved {
  readonly values: SettingValues
  readonly database: NonNullable<FocusOptions['database']>
  readonly basePath: string
  readonly publicUrl: string | null
  readonly locale: 'fr' | 'en'
  readonly providers: readonly Provider[]
  readonly websocketEnabled: boolean
  readonly heartbeatIntervalMs: number
  readonly stats: 'admin' | 'public'
  /** Sentences for the operator about settings that mean nothing. */
  readonly warnings: readonly string[]
}

const defaults = { database: 'sqlite:focus.db', port: 8000, basePath: '/api', heartbeatIntervalSeconds: 30 } as const

const redisWarning =
  'REDIS_URL is set, but this version has no Redis driver yet: several processes on one database find each other’s notifications by reading it, within seconds instead of at once.'

/** @throws FocusError `invalid_option` naming the setting and the accepted form. */
export function resolveOptions(options: FocusOptions, environment: Environment): Resolved {
  assertFocusOptions(options)
  const values = readSettings(options, environment)
  const publicUrl = values.publicUrl ?? null
  const basePath = values.basePath ?? defaults.basePath
  const reachedAt = publicUrl ?? `http://localhost:${values.port ?? defaults.port}`
  return {
    values,
    database: values.database ?? defaults.database,
    basePath,
    publicUrl,
    locale: values.locale ?? 'fr',
    providers: providersOf(options, values, `${reachedAt}${basePath}/auth/google/callback`),
    websocketEnabled: values.websocketEnabled ?? true,
    heartbeatIntervalMs: (values.heartbeatIntervalSeconds ?? defaults.heartbeatIntervalSeconds) * 1_000,
    stats: values.stats ?? 'admin',
    warnings: [...unknownVariables(environment), ...(values.redisUrl === undefined ? [] : [redisWarning])],
  }
}

function providersOf(options: FocusOptions, values: SettingValues, defaultRedirectUri: string): Provider[] {
  if (values.oauthEnabled === false) return []
  const further = options.providers ?? []
  const { googleClientId: clientId, googleClientSecret: clientSecret } = values
  if (clientId === undefined && clientSecret === undefined) {
    if (values.oauthEnabled && further.length === 0) {
      throw missing('GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET', 'OAUTH_ENABLED is on')
    }
    return [...further]
  }
  if (clientId === undefined) throw missing('GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET is set')
  if (clientSecret === undefined) throw missing('GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID is set')
  const redirectUri = values.googleRedirectUri ?? defaultRedirectUri
  return [google({ clientId, clientSecret, redirectUri, issuer: values.googleIssuer }), ...further]
}

function missing(name: string, because: string): FocusError {
  return new FocusError('invalid_option', `${name}: missing, although ${because}.`, {
    hint: 'Copy the client ID and the client secret from the Google Cloud Console, APIs & Services > Credentials, or set OAUTH_ENABLED=False.',
  })
}
