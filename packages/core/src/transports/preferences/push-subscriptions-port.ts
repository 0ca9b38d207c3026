import { ECDH } from 'node:crypto'
import type { UserKey } from '../../common/user-id.ts'

/** One browser of one user, as `PushSubscription.toJSON()` returns it (W3C Push API). */
export interface PushSubscription {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
  /** Milliseconds since 1970; null for never. */
  readonly expirationTime: number | null
}

/** Port: the store of browsers that users registered for Web Push. */
export interface PushSubscriptionStore {
  /** Assigns an endpoint to the user who registered it last. Removes the user's oldest subscriptions beyond `max`. */
  put(userKey: UserKey, subscription: PushSubscription, options: { now: number; max: number }): Promise<void>
  /** Resolves with false when the user has no such endpoint. */
  remove(userKey: UserKey, endpoint: string): Promise<boolean>
  list(userKey: UserKey, now: number): Promise<PushSubscription[]>
  /** Removes an endpoint that its push service reported as gone, for every user. */
  forget(endpoint: string): Promise<void>
}

/** Returns whether a message can be encrypted for these keys (RFC 8291 §3.1): a point of P-256 and 16 bytes, in base64url. */
export function canEncryptFor({ p256dh, auth }: PushSubscription['keys']): boolean {
  return isP256Point(p256dh) && isAuthSecret(auth)
}

/** Returns whether a text is an uncompressed point on the curve; encryption fails with any other. */
export function isP256Point(text: string): boolean {
  const bytes = bytesOf(text)
  if (bytes?.length !== 65 || bytes[0] !== 4) return false
  try {
    ECDH.convertKey(bytes, 'prime256v1')
    return true
  } catch {
    return false
  }
}

export function isAuthSecret(text: string): boolean {
  return bytesOf(text)?.length === 16
}

function bytesOf(text: string): Buffer | null {
  return /^[A-Za-z0-9_-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64url') : null
}
