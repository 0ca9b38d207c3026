import { z } from 'zod'
import { requestsPerMinute, requestsPerMinuteOfProcess, userBudget } from '../admission/budgets.ts'
import type { Provider } from '../auth/providers/provider.ts'
import type { UserDirectory } from '../auth/accounts/user-directory-port.ts'
import { checkOptions, counts, group } from '../schema/option-checks.ts'
import * as forms from '../schema/option-forms.ts'
import type { FocusOptions } from './options.ts'
import { defaultLimits } from '../realtime/realtime-limits.ts'
import type { Logger } from '../common/logging/logger.ts'
import type { Transport } from '../transports/transport.ts'
import { settings } from './settings.ts'

/** The value of an option, an object or `undefined` left aside. */
type Options<K extends keyof FocusOptions> = Exclude<NonNullable<FocusOptions[K]>, false>

const decade = 3_650 * 86_400

const oauth = group<Options<'oauth'>>({
  enabled: settings.oauthEnabled.form,
  requireIss: forms.yesOrNo,
  refreshDelivery: forms.choice('body', 'cookie'),
})

const google = group<Options<'google'>>({
  clientId: settings.googleClientId.form,
  clientSecret: settings.googleClientSecret.form,
  redirectUri: settings.googleRedirectUri.form,
  issuer: settings.googleIssuer.form,
})

const tokens = group<Options<'tokens'>>({
  issuer: forms.text,
  audience: forms.textOrTexts,
  secret: forms.sharedSecrets,
  keys: {
    accepts: 'a list of private JWKs, the signing one first',
    schema: z.array(z.looseObject({ kty: z.string() })).min(1),
    secret: true,
  },
  jwksUri: forms.jwksUri,
  scopes: forms.callback,
  typ: {
    accepts: 'a text such as "at+jwt" or "JWT", or false for any',
    schema: z.union([forms.text.schema, z.literal(false)]),
  },
  userIdClaim: forms.text,
  accessTtlSeconds: settings.accessTtlSeconds.form,
  idleTtlSeconds: forms.count('seconds', 1, decade),
  sessionTtlSeconds: forms.count('seconds', 1, decade),
})

const websocket = group<Options<'websocket'>>({
  enabled: settings.websocketEnabled.form,
  heartbeatIntervalSeconds: settings.heartbeatIntervalSeconds.form,
  limits: counts(defaultLimits),
})

const rateLimits = group<Options<'rateLimits'>>(
  {
    exemptLoopback: forms.yesOrNo,
    perMinute: counts(requestsPerMinute),
    perProcess: counts(requestsPerMinuteOfProcess),
    perUser: counts(userBudget),
  },
  { instead: forms.off },
)

const notifications = group<Options<'notifications'>>({
  unknownUsers: forms.choice('refuse', 'accept'),
  maxPerUser: forms.count('notifications'),
  maxAge: forms.duration,
})

const rule = z.strictObject({
  transports: z.array(z.string()).optional(),
  escalate: z.array(z.looseObject({ to: z.string() })).optional(),
  critical: z.boolean().optional(),
})
const routing = group<Options<'routing'>>({
  transports: forms.texts,
  escalate: { accepts: 'a list of steps such as { to: "email", after: "10m" }', schema: rule.shape.escalate },
  critical: forms.yesOrNo,
  topics: forms.record('an object of topics, each with transports, escalate or critical', rule),
})

/**
 * Every option of `createFocus` with its form: the one place that says what is accepted. Options that can also be set in
 * the environment share their form with the variable.
 */
export const focusOptions = group<FocusOptions>({
  database: settings.database.form,
  redis: settings.redisUrl.form,
  secret: settings.secrets.form,
  adminKey: settings.adminKey.form,
  publicUrl: settings.publicUrl.form,
  port: settings.port.form,
  basePath: settings.basePath.form,
  allowedOrigins: settings.allowedOrigins.form,
  returnTo: settings.returnTo.form,
  locale: settings.locale.form,
  oauth,
  google,
  providers: forms.namedObjectsWith<Provider>('providers such as oidc({ … })', 'connect'),
  users: forms.objectWith<UserDirectory>(
    'get',
    'findByAccount',
    'findByEmail',
    'findByUsername',
    'create',
    'linkAccount',
    'unlinkAccount',
    'accounts',
    'update',
    'setDisabled',
    'list',
  ),
  tokens,
  websocket,
  stats: settings.stats.form,
  trustedProxies: settings.trustedProxies.form,
  rateLimits,
  limits: group<Options<'limits'>>({ bodyTimeout: forms.duration }),
  notifications,
  transports: forms.namedObjectsWith<Transport>('transports such as slack({ … })', 'deliver'),
  routing,
  catalogue: forms.record('what defineNotifications() returns', z.looseObject({})),
  logger: {
    accepts: 'an object with the methods debug, info, warn, error, or false',
    schema: z.union([forms.off.schema, forms.objectWith<Logger>('debug', 'info', 'warn', 'error').schema]),
  },
  clock: forms.callback,
  random: forms.callback,
  fetch: forms.callback,
  env: { ...forms.record('an object of texts, such as process.env', z.string().optional()), secret: true },
})

/**
 * Refuses an options object with an unknown name or a wrong value, as `createFocus` does; for programs that read options
 * before they need them. Nothing is read from the environment.
 *
 * @throws FocusError `invalid_option` naming each path and the accepted form
 */
export function assertFocusOptions(options: unknown): asserts options is FocusOptions {
  checkOptions(options, focusOptions)
}
