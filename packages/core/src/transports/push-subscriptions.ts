import type { UserKey } from '../user-id.ts'

/** One browser of one person, as `PushSubscription.toJSON()` describes it (W3C Push API). */
export interface PushSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
  /** Milliseconds since 1970; null for never. */
  readonly expirationTime: number | null
}

/** Port: the browsers that people allowed to wake them. */
export interface PushSubscriptionStore {
  /** An endpoint belongs to the person who registered it last. The oldest beyond `max` of one person are dropped. */
  put(userKey: UserKey, subscription: PushSubscription, options: { now: number; max: number }): Promise<void>
  /** False when the person has no such endpoint. */
  remove(userKey: UserKey, endpoint: string): Promise<boolean>
  list(userKey: UserKey, now: number): Promise<PushSubscription[]>
  /** Removes an endpoint that its push service called gone, whoever it belongs to. */
  forget(endpoint: string): Promise<void>
}
