/**
 * Things that work once: sign-in flows, codes, tickets, nonces. Stored where every node sees them and taken by
 * a conditional delete, so that of two takers exactly one succeeds, on one node or on many.
 */
export interface OneTimeStore {
  /** Keeps `payload` under the SHA-256 of `secret`; the secret itself is not stored. */
  put(kind: string, secret: string, payload: JsonValue, expiresAt: number): Promise<void>
  /** Removes and returns the payload; `null` when it is unknown, expired or was taken. */
  take(kind: string, secret: string): Promise<JsonValue | null>
  /** Returns the payload and leaves it there. */
  peek(kind: string, secret: string): Promise<JsonValue | null>
  /** Removes what has expired; called in the background. */
  purge(now: number): Promise<number>
}

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }
export type JsonObject = { [key: string]: JsonValue }
