import type { KeyObject } from 'node:crypto'
import type { JWK } from 'jose'

/** What signs an access token. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly key: KeyObject
}

/** A key as operators see it. */
export interface KeyInfo {
  readonly kid: string
  readonly alg: string
  readonly state: 'next' | 'active' | 'retiring' | 'retired'
  /** Milliseconds since 1970; null where the application manages its keys itself. */
  readonly createdAt: number | null
  readonly activatesAt: number | null
  readonly retiresAt: number | null
}

/** The keys of our access tokens: the managed ring, a shared secret, or keys of the application's own. */
export interface TokenKeys {
  /** What a token may be signed with; never taken from a token (RFC 8725 §3.1). */
  readonly algorithms: readonly string[]
  /** Grows when a key stops being good: what was verified with it has to be verified anew. */
  readonly generation: number
  /** Reads what has to be read before the first token. */
  start(): Promise<void>
  /** The key that signs now. */
  signing(): Promise<SigningKey>
  /** The key of a token's header; rejects with jose's `JWKSNoMatchingKey` when there is none. */
  verification(kid: string | undefined, alg: string): Promise<KeyObject>
  /** The public keys (RFC 7517); empty where the keys are secret. */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>
  list(): Promise<KeyInfo[]>
  /** @throws FocusError `invalid_request` where the keys are not ours to rotate */
  rotate(options?: { readonly immediately?: boolean }): Promise<KeyInfo>
  /** What keys need from time to time. */
  maintain(): Promise<void>
}
