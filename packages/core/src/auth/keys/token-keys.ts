import type { KeyObject } from 'node:crypto'
import type { JWK } from 'jose'

/** A key that signs access tokens. */
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

/** The keys of our access tokens: the managed ring, a shared secret, or keys of the application. */
export interface TokenKeys {
  /** Accepted signature algorithms; never taken from a token (RFC 8725 §3.1). */
  readonly algorithms: readonly string[]
  /** Increases when a key is retired: tokens must then be verified again. */
  readonly generation: number
  /** Reads or creates the keys; called before the first token. */
  start(): Promise<void>
  /** Returns the key that signs now. */
  signing(): Promise<SigningKey>
  /** Returns the public key for a token's header; rejects with jose's `JWKSNoMatchingKey` when there is none. */
  verification(kid: string | undefined, alg: string): Promise<KeyObject>
  /** The same among the keys in memory; null when none of them matches. */
  published(kid: string | undefined, alg: string): KeyObject | null
  /** Returns the private half of a published key; null when it is not at hand. */
  own(kid: string | undefined, alg: string): KeyObject | null
  /** Returns the public keys (RFC 7517); empty for shared secrets. */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>
  list(): Promise<KeyInfo[]>
  /**
   * Replaces the signing key.
   *
   * @throws FocusError `invalid_request` where the application manages the keys
   */
  rotate(options?: { readonly immediately?: boolean }): Promise<KeyInfo>
  /** Reads the keys again, because another node may have changed them. */
  refresh(): Promise<void>
  /** Calls `listener` after this node changed the keys. */
  onChanged(listener: () => void): void
  /** Reads the keys again, and replaces and deletes old ones; runs in the background. */
  maintain(): Promise<void>
}
