import type { UserDirectory } from '../auth/ports.ts'
import { FocusError } from '../common/errors.ts'
import { deliveryRoutes } from '../http/routes/delivery-routes.ts'
import { preferenceRoutes } from '../http/routes/preference-routes.ts'
import type { Route } from '../http/route.ts'
import { builtInCatalogue } from '../notifications/catalogue/built-in.ts'
import type { DirectoryUser, RecipientDirectory, Recipients } from '../notifications/sending/recipients.ts'
import { canonicalLocale } from '../common/text/locale.ts'
import type { FocusOptions } from '../options/options.ts'
import type { Runtime } from '../common/runtime.ts'
import type { Database } from '../storage/database.ts'
import { KyselyOutboxStore } from '../storage/outbox/outbox-store.ts'
import { KyselyPreferenceStore } from '../storage/stores/preference-store.ts'
import { KyselyPushSubscriptionStore } from '../storage/stores/push-subscription-store.ts'
import { KyselyTransportStateStore } from '../storage/stores/transport-state-store.ts'
import { sayingUnavailable } from '../storage/dialects/unavailable.ts'
import { email } from '../transports/channels/email.ts'
import { TransportManager } from '../transports/transport-manager.ts'
import { PreferenceService } from '../transports/preferences/preference-service.ts'
import { everything } from '../transports/preferences/preferences-port.ts'
import { slack } from '../transports/channels/slack.ts'
import type { OutboundMessage, Transport } from '../transports/transport.ts'
import { UnsubscribeTokens } from '../transports/channels/unsubscribe.ts'
import type { WebPushTransport } from '../transports/channels/web-push.ts'
import { toUserKey, type UserId, type UserIdCodec, type UserKey } from '../common/user-id.ts'
import type { Resolved } from '../options/resolve.ts'

export interface OutboundWiring {
  readonly options: FocusOptions
  readonly settings: Resolved
  readonly secrets: readonly string[]
  readonly database: Database
  readonly runtime: Runtime
  readonly users: UserDirectory
  readonly userIds: UserIdCodec
  readonly unknownUsers: 'refuse' | 'accept'
}

/** The transports with what stands around them: routing, preferences, routes. */
export interface OutboundParts {
  readonly outbound: TransportManager
  readonly preferences: PreferenceService
  /** The directory, with the languages that people chose in their preferences. */
  readonly recipients: RecipientDirectory
  routes(recipients: Recipients): Route[]
}

/** @throws FocusError `invalid_option`, `missing_dependency` */
export function composeOutbound(wiring: OutboundWiring): OutboundParts {
  const { options, settings, secrets, database, runtime, users, userIds } = wiring
  const { locale, publicUrl, basePath } = settings
  const transports = transportsOf(options, settings)
  const preferenceStore = sayingUnavailable(new KyselyPreferenceStore(database.forClass('delivery')))
  const pushSubscriptions = sayingUnavailable(new KyselyPushSubscriptionStore(database.forClass('delivery')))
  const tokens = new UnsubscribeTokens(secrets)
  const outbound = new TransportManager({
    transports,
    routing: options.routing ?? {},
    runtime,
    store: sayingUnavailable(new KyselyOutboxStore(database.forClass('background')), {
      unbounded: ['lease', 'complete', 'reschedule', 'markDead', 'prolong', 'release', 'rebase', 'purge'],
    }),
    states: new KyselyTransportStateStore(database.forClass('background')),
    preferences: preferenceStore,
    findPerson: async (userKey) => {
      const id = userIds.fromKey(userKey)
      const [user, chosen] = await Promise.all([users.get(id), preferenceStore.locale(userKey)])
      return {
        user: {
          key: userKey,
          id,
          email: user?.email ?? null,
          emailVerified: user?.emailVerified ?? false,
          fullName: user?.fullName ?? null,
          locale: chosen ?? canonicalLocale(user?.locale),
        },
        reachable: user === null ? wiring.unknownUsers === 'accept' : !user.disabled,
      }
    },
    host: { locale, pushSubscriptions, unsubscribeUrl },
  })
  const listeners = new Set<(id: UserId) => void>()
  const preferences = new PreferenceService({
    store: preferenceStore,
    topics: topicsOf(options),
    transports: transports.map((transport) => transport.name),
    changed: (id) => listeners.forEach((listener) => listener(id)),
  })

  function unsubscribeUrl({ user, event, critical }: OutboundMessage, transport: string): string | null {
    if (user === null || critical || publicUrl === null) return null
    const token = tokens.issue({ userKey: user.key, event: event ?? everything, transport })
    return `${publicUrl}${basePath}/notifications/unsubscribe?token=${token}`
  }

  return {
    outbound,
    preferences,
    recipients: {
      ...withChosenLocales(users, wiring.unknownUsers, (key) => preferenceStore.locale(key)),
      onChanged: (listener) => void listeners.add(listener),
    },
    routes: (recipients) => [
      ...preferenceRoutes({
        preferences,
        subscriptions: pushSubscriptions,
        webPush: transports.find(isWebPush) ?? null,
        unsubscribe: tokens,
        locale,
        clock: runtime.clock,
      }),
      ...deliveryRoutes({
        deliveries: outbound.deliveries,
        findUser: async (reference) => (await recipients.search(reference)).userKey,
        userIds,
        clock: runtime.clock,
      }),
    ],
  }
}

/** Those that were passed, and those of the environment, unless one of the same name was passed. */
function transportsOf(options: FocusOptions, { values, publicUrl }: Resolved): Transport[] {
  const given = options.transports ?? []
  const { slackWebhook, smtpUrl } = values
  const fromEnvironment = [
    ...(slackWebhook === undefined ? [] : [named('SLACK_WEBHOOK', () => slack({ url: slackWebhook }))]),
    ...(smtpUrl === undefined
      ? []
      : [named('SMTP_URL', () => email({ url: smtpUrl, from: senderOf(smtpUrl, publicUrl) }))]),
  ]
  return [...given, ...fromEnvironment.filter(({ name }) => !given.some((transport) => transport.name === name))]
}

/** Says which variable is wrong, rather than which option of a transport that nobody wrote. */
function named(variable: string, make: () => Transport): Transport {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof FocusError)) throw error
    throw new FocusError('invalid_option', `${variable}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}

/** `?from=` of the URL; else the account where it is an address; else this host. */
function senderOf(smtpUrl: string, publicUrl: string | null): string {
  const url = new URL(smtpUrl)
  const account = decodeURIComponent(url.username)
  const host = publicUrl === null ? 'localhost' : new URL(publicUrl).hostname
  return url.searchParams.get('from') ?? (account.includes('@') ? account : `notifications@${host}`)
}

function isWebPush(transport: Transport): transport is WebPushTransport {
  return 'checkEndpoint' in transport && 'publicKey' in transport
}

function topicsOf(options: FocusOptions): string[] {
  const definitions = Object.values({ ...builtInCatalogue, ...options.catalogue })
  return [...new Set(definitions.flatMap(({ event }) => (event === undefined ? [] : [event])))]
}

/** The directory with the languages that people chose in their preferences. */
function withChosenLocales(
  users: UserDirectory,
  unknownUsers: 'refuse' | 'accept',
  localeOf: (key: UserKey) => Promise<string | null>,
): RecipientDirectory {
  const chosen = async (user: DirectoryUser | null) =>
    user && { ...user, locale: (await localeOf(toUserKey(user.id))) ?? canonicalLocale(user.locale) }
  const unknown = (id: UserId) => (unknownUsers === 'accept' ? { id, locale: null } : null)
  return {
    ...(users.parseId && { parseId: users.parseId }),
    get: async (id) => chosen((await users.get(id)) ?? unknown(id)),
    findByUsername: async (name) => chosen(await users.findByUsername(name)),
    findByEmail: async (address) => chosen(await users.findByEmail(address)),
  }
}
