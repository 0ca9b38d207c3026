import { z } from 'zod'
import { FocusError } from '../common/errors.ts'
import { nearest } from '../common/text/nearest.ts'
import { describeValue } from '../schema/option-checks.ts'
import * as forms from '../schema/option-forms.ts'
import type { Form } from '../schema/option-forms.ts'
import { isKysely } from '../storage/database.ts'
import type { AnyKysely } from '../storage/dialects/any-kysely.ts'

/** One thing that a user may set: in code by `option`, in the environment by the first of `env` that is not empty. */
interface Setting<T> {
  /** Path in `FocusOptions`, such as `websocket.heartbeatIntervalSeconds`; empty for what only the environment has. */
  readonly option: string
  readonly env: readonly string[]
  readonly form: Form<T>
}

const define = <T>(option: string, env: readonly string[], form: Form<T>): Setting<T> => ({ option, env, form })

/** Which schemes there are is known where databases are opened. */
const database: Form<string | AnyKysely> = {
  accepts: 'an address such as sqlite:focus.db or mysql://user:password@host/name, or a Kysely instance',
  schema: z.union([z.string().regex(/^[a-z][a-z\d+.-]*:/i), z.custom<AnyKysely>(isKysely)]),
  secret: true,
}

/** Everything that a user may set by a plain value. The guide's names come first; all are in `docs/environment.md`. */
export const settings = {
  oauthEnabled: define('oauth.enabled', ['OAUTH_ENABLED'], forms.flag),
  googleClientId: define('google.clientId', ['GOOGLE_CLIENT_ID'], forms.text),
  googleClientSecret: define('google.clientSecret', ['GOOGLE_CLIENT_SECRET'], forms.secretText),
  googleRedirectUri: define('google.redirectUri', ['GOOGLE_REDIRECT_URI'], forms.redirectUri),
  googleIssuer: define('google.issuer', [], forms.issuer),
  websocketEnabled: define('websocket.enabled', ['WEBSOCKET_ENABLED'], forms.flag),
  heartbeatIntervalSeconds: define(
    'websocket.heartbeatIntervalSeconds',
    ['WEBSOCKET_HEARTBEAT_INTERVAL'],
    forms.whole('seconds', 1, 3_600),
  ),
  database: define('database', ['DATABASE_URL'], database),
  secrets: define('secret', ['FOCUS_SECRET'], forms.secrets),
  adminKey: define('adminKey', ['FOCUS_ADMIN_KEY'], forms.adminKey),
  publicUrl: define('publicUrl', ['FOCUS_PUBLIC_URL'], forms.httpUrl),
  basePath: define('basePath', [], forms.basePath),
  allowedOrigins: define('allowedOrigins', ['FOCUS_ALLOWED_ORIGINS'], forms.origins),
  returnTo: define('returnTo', ['FOCUS_RETURN_TO'], forms.returnAddresses),
  locale: define('locale', ['FOCUS_LOCALE'], forms.ownLanguages),
  redisUrl: define('redis', ['REDIS_URL'], forms.redisUrl),
  port: define('port', ['PORT'], forms.whole('', 0, 65_535)),
  trustedProxies: define('trustedProxies', ['FOCUS_TRUSTED_PROXIES'], forms.proxies),
  accessTtlSeconds: define('tokens.accessTtlSeconds', ['FOCUS_ACCESS_TTL'], forms.whole('seconds', 60, 86_400)),
  slackWebhook: define('', ['SLACK_WEBHOOK', 'SLACK_WEBHOOK_URL'], forms.slackWebhook),
  smtpUrl: define('', ['SMTP_URL'], forms.smtpUrl),
  stats: define('stats', ['FOCUS_STATS'], forms.choice('admin', 'public')),
} as const

type SettingName = keyof typeof settings
type ValueOf<S> = S extends Setting<infer T> ? T : never
/** The values that were set; what nobody set is undefined. */
export type SettingValues = { readonly [K in SettingName]: ValueOf<(typeof settings)[K]> | undefined }

export type Environment = Readonly<Record<string, string | undefined>>

/** Names that mean something to other parts of the product, or only to the command line. */
const otherVariables = ['FOCUS_URL', 'FOCUS_DEBUG']

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

function parse({ form }: Setting<unknown>, name: string, value: unknown): unknown {
  const result = form.schema.safeParse(value)
  if (result.success) return result.data
  const got = form.secret ? 'another form' : describeValue(value)
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
    .map((name) => `${name} is not a setting of Focus and is ignored; did you mean ${nearest(name, known) ?? ''}?`)
}
