import type { JsonValue } from '../common/json.ts'

/**
 * Port: the store of single-use secrets: flows, codes, tickets, nonces. All nodes share it. A secret is consumed by a conditional
 * write, so that of two callers exactly one succeeds, on one node or on many.
 */
export interface SingleUseStore {
  /** Stores `payload` under the SHA-256 of `secret` and replaces an earlier one. The secret itself is not stored. */
  put(kind: string, secret: string, payload: JsonValue, expiresAt: number): Promise<void>
  /** Removes and returns the payload; null when it is unknown, expired or already taken. */
  take(kind: string, secret: string): Promise<JsonValue | null>
  /** Returns the payload without removing it. */
  peek(kind: string, secret: string): Promise<JsonValue | null>
  /**
   * Records the use of a secret that was never stored. Of all calls before `expiresAt` exactly one returns true. After
   * `expiresAt` the caller must refuse the secret itself.
   */
  claim(kind: string, secret: string, expiresAt: number): Promise<boolean>
  /** Removes expired entries and returns how many; called in the background. */
  purge(now: number): Promise<number>
}
