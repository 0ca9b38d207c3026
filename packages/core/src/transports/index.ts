export { PermanentDeliveryError, RetryableDeliveryError, type RetryOptions } from './errors.ts'
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
