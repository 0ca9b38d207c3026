export {
  type FailureCategory,
  PermanentDeliveryError,
  RetryableDeliveryError,
  type RetryOptions,
  UncertainDeliveryError,
} from './transport-errors.ts'
export type {
  DeliveryAttempt,
  OutboundMessage,
  OutboundUser,
  Rate,
  RetryPolicy,
  Transport,
  TransportHost,
  TransportSettings,
} from './transport.ts'
export type { PushSubscription, PushSubscriptionStore } from './preferences/push-subscriptions-port.ts'
export type { DnsOptions } from '../net/addresses/name-resolver.ts'
export { webhook, type WebhookOptions } from './channels/webhook.ts'
export { slack, type SlackOptions } from './channels/slack.ts'
export { email, type EmailOptions } from './channels/email/email.ts'
export type { EmailContent } from './channels/email/email-content.ts'
export {
  knownPushServices,
  type Urgency,
  webPush,
  type WebPushOptions,
  type WebPushTransport,
} from './channels/web-push.ts'
export { log, type LogOptions } from './channels/log.ts'
export type { RoutingOptions } from './routing/transport-router.ts'
export type { Deliveries, DeliveryPage, DeliveryQuery, TransportInfo } from './outbox/focus-deliveries.ts'
export type { DeliveryFilter, DeliveryInfo, DeliveryState } from './outbox/outbox-port.ts'
export type { PersonalPreferences, PreferenceChange, PreferenceService } from './preferences/focus-preferences.ts'
export type { PreferenceMatrix } from './preferences/preferences-port.ts'
export {
  /** @deprecated Import it from `@focus-api/core/testing`. */
  transportConformance,
} from './conformance/transport-conformance.ts'
