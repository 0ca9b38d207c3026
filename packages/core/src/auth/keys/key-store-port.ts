/** A stored signing key, with its private half sealed by `FOCUS_SECRET` (S20). Times are milliseconds since 1970. */
export interface StoredKey {
  readonly kid: string
  readonly alg: string
  /** The public half, as JSON of a JWK. */
  readonly publicJwk: string
  /** The private half, sealed. */
  readonly privateSealed: string
  readonly createdAt: number
  /** When the key starts to sign. */
  readonly activatesAt: number
  /** When the key is no longer published; null until it is replaced. */
  readonly retiresAt: number | null
}

/** Port: stores the signing keys of all nodes. */
export interface KeyStore {
  /** Lists all keys in the order in which they were added. */
  list(): Promise<StoredKey[]>
  /**
   * Adds a key if `replaces` is still the newest one (null: if there is none), and retires the others at `othersRetireAt`, or
   * at their own earlier time. Of several nodes that try at once exactly one returns true.
   */
  add(key: StoredKey, replaces: string | null, othersRetireAt: number): Promise<boolean>
  /** Replaces the sealed private half of a key, if it is still `from`. */
  reseal(kid: string, from: string, to: string): Promise<void>
  /** Deletes keys that retired before a time. */
  purge(retiredBefore: number): Promise<void>
}
