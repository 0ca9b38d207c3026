import { present } from '../common/present.ts'
import { builtInCatalogue } from '../notifications/catalogue/built-in.ts'
import type { Definition } from '../notifications/catalogue/definition.ts'
import type { RecipientDirectory } from '../notifications/sending/recipients.ts'
import type { Settings } from '../options/resolve.ts'
import type { Database } from '../storage/database.ts'
import { KyselyOutboxStore } from '../storage/outbox/outbox-store.ts'
import { KyselyPreferenceStore } from '../storage/stores/preference-store.ts'
import { KyselyPushSubscriptionStore } from '../storage/stores/push-subscription-store.ts'
import { KyselyTransportStateStore } from '../storage/stores/transport-state-store.ts'
import { UnsubscribeTokens } from '../transports/preferences/unsubscribe-tokens.ts'
import type { PreferenceService } from '../transports/preferences/focus-preferences.ts'
import { StoredPreferences } from '../transports/preferences/stored-preferences.ts'
import { wildcard } from '../transports/preferences/preferences-port.ts'
import type { PushSubscriptionStore } from '../transports/preferences/push-subscriptions-port.ts'
import type { RoutingOptions } from '../transports/routing/transport-router.ts'
import { TransportManager } from '../transports/transport-manager.ts'
import type { OutboundMessage } from '../transports/transport.ts'
import { configuredTransports } from './environment-transports.ts'
import type { Foundation } from './foundation.ts'
import { type Closable, openTogether } from './opening.ts'
import { findRecipient, gatheredLocales, recipientDirectory } from './recipient-lookup.ts'

export interface TransportParts extends Closable {
  readonly manager: TransportManager
  readonly preferences: PreferenceService
  readonly pushSubscriptions: PushSubscriptionStore
  readonly unsubscribeTokens: UnsubscribeTokens
  /** The user directory with the languages that users chose in their preferences. */
  readonly recipients: RecipientDirectory
}

/**
 * Prepares the transports. They deliver once `manager.start()` was called.
 *
 * @throws FocusError `invalid_option`, `missing_dependency`
 */
export function composeTransports(foundation: Foundation): Promise<TransportParts> {
  const { settings, secrets, database, runtime, users } = foundation
  return openTogether(runtime.logger, async (own) => {
    const transports = configuredTransports(settings)
    const stores = openStores(database)
    const unsubscribeTokens = new UnsubscribeTokens(secrets)
    const chosenLocale = gatheredLocales((userKeys) => stores.preferences.locales(userKeys))
    const manager = own(
      new TransportManager({
        transports,
        routing: routingOf(settings),
        runtime,
        store: stores.outbox,
        states: stores.states,
        preferences: stores.preferences,
        findRecipient: (userKey) => findRecipient(users, chosenLocale, userKey),
        host: {
          locale: settings.general.locale,
          pushSubscriptions: stores.pushSubscriptions,
          unsubscribeUrl: unsubscribeLinks(foundation, unsubscribeTokens),
        },
      }),
    )
    await manager.prepare()
    users.changes.onChange((userKey) => manager.forgetUser(userKey))
    const preferences = new StoredPreferences({
      store: stores.preferences,
      topics: topicsOf(settings),
      transports: transports.map((transport) => transport.name),
      changed: (id) => users.changes.announce(id),
    })
    return {
      manager,
      preferences,
      pushSubscriptions: stores.pushSubscriptions,
      unsubscribeTokens,
      recipients: recipientDirectory(users, chosenLocale),
    }
  })
}

function openStores(database: Database) {
  const forDelivery = database.forClass('delivery')
  const inBackground = database.forClass('background')
  return {
    preferences: new KyselyPreferenceStore(forDelivery),
    pushSubscriptions: new KyselyPushSubscriptionStore(forDelivery),
    outbox: new KyselyOutboxStore(inBackground),
    states: new KyselyTransportStateStore(inBackground),
  }
}

/** Returns the link that ends a topic on one transport; null for critical notifications and without a public URL. */
function unsubscribeLinks({ settings }: Foundation, tokens: UnsubscribeTokens) {
  const { publicUrl, basePath } = settings.http
  return ({ user, event, critical }: OutboundMessage, transport: string): string | null => {
    if (user === null || critical || publicUrl === null) return null
    const token = tokens.issue({ userKey: user.key, event: event ?? wildcard, transport })
    return `${publicUrl}${basePath}/notifications/unsubscribe?token=${token}`
  }
}

function routingOf({ transports }: Settings): RoutingOptions {
  return present({
    transports: transports.routingTransports,
    escalate: transports.routingEscalate,
    critical: transports.routingCritical,
    topics: transports.routingTopics,
  })
}

function topicsOf({ notifications }: Settings): string[] {
  const definitions = Object.values<Definition>({ ...builtInCatalogue, ...notifications.catalogue })
  return [...new Set(definitions.flatMap(({ event }) => (event === undefined ? [] : [event])))]
}
