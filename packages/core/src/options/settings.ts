import { FocusError } from '../errors.ts'
import * as forms from './forms.ts'
import type { Form } from './forms.ts'

/** One thing that a user may set: in code by `option`, in the environment by the first of `env` that is not empty. */
interface Setting<T> {
  /** Path in `FocusOptions`, such as `websocket.heartbeatIntervalSeconds`; empty for what only the environment has. */
  readonly option: string
  readonly env: readonly string[]
  readonly form: Form<T>
  /** Keeps the value out of error messages. */
  readonly secret?: boolean
}

const define = <T>(option: string, env: readonly string[], form: Form<T>, secret = false): Setting<T> => ({
  option,
  env,
  form,
  secret,
})

/** Everything that a user may set by a plain value. The guide's names come first; all are in `docs/environment.md`. */
export const settings = {
  oauthEnabled: define('oauth.enabled', ['OAUTH_ENABLED'], forms.flag),
  googleClientId: define('google.clientId', ['GOOGLE_CLIENT_ID'], forms.text),
  googleClientSecret: define('google.clientSecret', ['GOOGLE_CLIENT_SECRET'], forms.text, true),
  googleRedirectUri: define('google.redirectUri', ['GOOGLE_REDIRECT_URI'], forms.redirectUri),
  googleIssuer: define('google.issuer', [], forms.httpUrl),
  websocketEnabled: define('websocket.enabled', ['WEBSOCKET_ENABLED'], forms.flag),
  heartbeatIntervalSeconds: define(
    'websocket.heartbeatIntervalSeconds',
    ['WEBSOCKET_HEARTBEAT_INTERVAL'],
    forms.whole('seconds', 1, 3_600),
  ),
  secrets: define('secret', ['FOCUS_SECRET'], forms.secrets, true),
  adminKey: define('adminKey', ['FOCUS_ADMIN_KEY'], forms.adminKey, true),
  publicUrl: define('publicUrl', ['FOCUS_PUBLIC_URL'], forms.httpUrl),
  basePath: define('basePath', [], forms.basePath),
  allowedOrigins: define('allowedOrigins', ['FOCUS_ALLOWED_ORIGINS'], forms.origins),
  returnTo: define('returnTo', ['FOCUS_RETURN_TO'], forms.returnAddresses),
  locale: define('locale', ['FOCUS_LOCALE'], forms.choice('fr', 'en')),
  redisUrl: define('redis', ['REDIS_URL'], forms.redisUrl, true),
  port: define('port', ['PORT'], forms.whole('', 0, 65_535)),
  trustedProxies: define('trustedProxies', ['FOCUS_TRUSTED_PROXIES'], forms.list),
  accessTtlSeconds: define('tokens.accessTtlSeconds', ['FOCUS_ACCESS_TTL'], forms.whole('seconds', 60, 86_400)),
  slackWebhook: define('', ['SLACK_WEBHOOK', 'SLACK_WEBHOOK_URL'], forms.slackWebhook, true),
  smtpUrl: define('', ['SMTP_URL'], forms.smtpUrl, true),
  stats: define('stats', ['FOCUS_STATS'], forms.choice('admin', 'public')),
} as const

type SettingName = keyof typeof settings
type ValueOf<S> = S extends Setting<infer T> ? T : never
/** The values that were set; what nobody set is undefined. */
export type SettingValues = { readonly [K in SettingName]: ValueOf<(typeof settings)[K]> | undefined }

export type Environment = Readonly<Record<string, string | undefined>>

/** Names that mean something to other parts of the product, or only to the command line. */
const otherVariables = ['DATABASE_URL', 'FOCUS_URL', 'FOCUS_DEBUG']

/**
 * Reads every setting, from code first and then from the environment.
 *
 * @throws FocusError `invalid_option`; the message names the setting and the accepted form, never a secret value.
 */
export function readSettings(options: object, environment: Environment): SettingValues {
  const values = Object.entries<Setting<unknown>>(settings).map(([name, setting]) => [
    name,
    readSetting(setting, options, environment),
  ])
  return Object.fromEntries(values) as SettingValues
}

function readSetting(setting: Setting<unknown>, options: object, environment: Environment): unknown {
  const fromCode = valueAt(options, setting.option)
  if (fromCode !== undefined && fromCode !== null) return parse(setting, setting.option, fromCode)
  const variable = setting.env.find((name) => (environment[name] ?? '').trim() !== '')
  // What sets variables may leave blanks around them: a carriage return of an env file that was written on Windows.
  return variable === undefined ? undefined : parse(setting, variable, environment[variable]?.trim())
}

function parse({ form, secret }: Setting<unknown>, name: string, value: unknown): unknown {
  const result = form.schema.safeParse(value)
  if (result.success) return result.data
  const got = secret ? 'another form' : JSON.stringify(value)
  throw new FocusError('invalid_option', `${name}: expected ${form.accepts}, got ${got}.`, {
    hint: `Correct ${name} and start again.`,
  })
}

function valueAt(options: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
      options,
    )
}

/** A warning for each `FOCUS_*` variable that means nothing here, with the nearest name that does. */
export function unknownVariables(environment: Environment): string[] {
  const known = [...Object.values(settings).flatMap((setting) => setting.env), ...otherVariables]
  return Object.keys(environment)
    .filter((name) => name.startsWith('FOCUS_') && !known.includes(name))
    .map((name) => `${name} is not a setting of Focus and is ignored; did you mean ${nearest(name, known)}?`)
}

function nearest(name: string, candidates: readonly string[]): string {
  return candidates.toSorted((a, b) => editDistance(name, a) - editDistance(name, b))[0] ?? name
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
