export {
  type FailureCategory,
  PermanentDeliveryError,
  RetryableDeliveryError,
  type RetryOptions,
  UncertainDeliveryError,
} from './errors.ts'
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
export type { PushSubscription, PushSubscriptionStore } from './push-subscriptions.ts'
export type { DnsOptions } from '../net/name-resolver.ts'
export { webhook, type WebhookOptions } from './webhook.ts'
export { slack, type SlackOptions } from './slack.ts'
export { email, type EmailContent, type EmailOptions } from './email.ts'
export { knownPushServices, type Urgency, webPush, type WebPushOptions, type WebPushTransport } from './web-push.ts'
export { log, type LogOptions } from './log.ts'
export {
  type ConformanceCheck,
  type ConformanceSubject,
  type OddPeerBehaviour,
  type PeerBehaviour,
  transportConformance,
} from './conformance.ts'
