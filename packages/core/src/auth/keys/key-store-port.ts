/** A signing key as it is kept: the private half sealed with `FOCUS_SECRET` (S20). Times are milliseconds since 1970. */
export interface StoredKey {
  readonly kid: string
  readonly alg: string
  /** The public half, as JSON of a JWK. */
  readonly publicJwk: string
  /** The private half, sealed. */
  readonly privateSealed: string
  readonly createdAt: number
  /** From when it signs. */
  readonly activatesAt: number
  /** From when it is no longer published; null while it is not replaced. */
  readonly retiresAt: number | null
}

/** Port: where signing keys are kept, in one place for all nodes. */
export interface KeyStore {
  /** All keys, the one added first first. */
  list(): Promise<StoredKey[]>
  /**
   * Adds a key if `replaces` is still the newest one (null: if there is none), and has the others retire at a
   * time, or when they would anyway if that is earlier. Of several nodes that try at once exactly one returns true.
   */
  add(key: StoredKey, replaces: string | null, othersRetireAt: number): Promise<boolean>
  /** Replaces a key's sealed private half, if it is still what it was. */
  reseal(kid: string, from: string, to: string): Promise<void>
  /** Forgets keys that retired before a time. */
  purge(retiredBefore: number): Promise<void>
}
