import type { JsonValue } from '../common/json.ts'

/**
 * Things that work once: flows, codes, tickets, nonces. Kept where every node sees them, and used up by a conditional write,
 * so that of two takers exactly one succeeds, on one node or on many.
 */
export interface SingleUseStore {
  /** Keeps `payload` under the SHA-256 of `secret`, in place of what was there; the secret itself is not stored. */
  put(kind: string, secret: string, payload: JsonValue, expiresAt: number): Promise<void>
  /** Removes and returns the payload; `null` when it is unknown, expired or was taken. */
  take(kind: string, secret: string): Promise<JsonValue | null>
  /** Returns the payload and leaves it there. */
  peek(kind: string, secret: string): Promise<JsonValue | null>
  /**
   * Notes that a secret which was never stored is used now. Of all calls before `expiresAt` exactly one returns true; the
   * caller must refuse the secret itself from then on.
   */
  claim(kind: string, secret: string, expiresAt: number): Promise<boolean>
  /** Removes what has expired; called in the background. */
  purge(now: number): Promise<number>
}
