import { ECDH } from 'node:crypto'
import type { UserKey } from '../../common/user-id.ts'

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

/** Whether a message can be encrypted for these keys (RFC 8291 §3.1): a point of the curve P-256 and 16 bytes, in base64url. */
export function canEncryptFor({ p256dh, auth }: PushSubscription['keys']): boolean {
  return isP256Point(p256dh) && isAuthSecret(auth)
}

/** An uncompressed point that is on the curve: encryption fails with any other. */
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
