import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, errors, type JWK } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { Debug } from '../../common/logging/debug.ts'
import type { Runtime } from '../../common/runtime.ts'
import { seal, unseal } from '../../secrets/seal.ts'
import type { KeyInfo, SigningKey, TokenKeys } from './token-keys.ts'
import type { KeyStore, StoredKey } from './key-store-port.ts'

const alg = 'EdDSA'
/** How long others may cache our public keys: the `max-age` of the JWKS route. */
export const jwksCacheSeconds = 300
/** Interval of reading the ring again; well below the time between the publication of a key and its first signature. */
export const rereadMs = 30_000
/** How long a key signs before it is replaced. */
const maxAgeMs = 90 * 86_400_000
/** How long a retired key stays listed for operators. */
const keepRetiredMs = 30 * 86_400_000
/** Pause between two reads for unknown keys: the key may be newer than our copy, but any client can name one. */
const unknownKeyCooldownMs = 1_000

export interface KeyRingOptions {
  readonly store: KeyStore
  readonly runtime: Runtime
  /** Secrets that seal the private keys, the newest first. */
  readonly secrets: readonly string[]
  /** A replaced key stays published for at least this long after its last signature. */
  readonly accessTtlSeconds: number
}

interface RingKey {
  readonly stored: StoredKey
  readonly publicKey: KeyObject
  readonly publicJwk: JWK
}

/**
 * The keys that sign access tokens, which all nodes share through the database. A new key is published before it signs, and a
 * replaced key stays published until all its tokens have expired (S20).
 */
export class KeyRing implements TokenKeys {
  readonly algorithms: readonly string[] = [alg]
  readonly #store: KeyStore
  readonly #runtime: Runtime
  readonly #debug: Debug
  readonly #secrets: readonly string[]
  readonly #accessTtlSeconds: number
  generation = 0
  #retired = 0
  #keys: readonly RingKey[] = []
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null
  readonly #privateKeys = new Map<string, KeyObject>()
  /** Sealed forms that none of the secrets opens, so that each is tried once. */
  readonly #unopened = new Set<string>()
  readonly #listeners = new Set<() => void>()

  constructor({ store, runtime, secrets, accessTtlSeconds }: KeyRingOptions) {
    this.#store = store
    this.#runtime = runtime
    this.#debug = runtime.debug('tokens')
    this.#secrets = secrets
    this.#accessTtlSeconds = accessTtlSeconds
  }

  /** Reads the ring, and creates the first key if there is none. */
  async start(): Promise<void> {
    await this.#read()
    if (this.#keys.length === 0) {
      const now = this.#runtime.clock()
      await this.#add({ replaces: null, activatesAt: now, othersRetireAt: now })
    }
    await this.#reseal()
  }

  /** Reads the ring again, replaces a key after its maximum age, and deletes keys that retired long ago. */
  async maintain(): Promise<void> {
    await this.#read()
    const now = this.#runtime.clock()
    const newest = this.#keys.at(-1)
    if (newest && now - newest.stored.activatesAt > maxAgeMs) await this.rotate()
    await this.#store.purge(now - keepRetiredMs)
  }

  async refresh(): Promise<void> {
    // A running read may have started before the change.
    await this.#reading?.catch(() => undefined)
    await this.#read()
  }

  onChanged(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Returns the key that signs now. */
  async signing(): Promise<SigningKey> {
    const now = this.#runtime.clock()
    if (now - this.#readAt > rereadMs) await this.#read()
    const active = this.#active(now)
    if (!active) throw new FocusError('internal', 'The key ring has no active key.')
    return { kid: active.stored.kid, alg, key: this.#privateKey(active.stored) }
  }

  /** Returns the public key for a token's header; rejects as jose's resolvers do when there is none. */
  async verification(kid: string | undefined, algorithm: string): Promise<KeyObject> {
    const found = this.published(kid, algorithm)
    if (found) return found
    if (kid !== undefined && this.#runtime.clock() - this.#readAt > unknownKeyCooldownMs) {
      await this.#read()
      const later = this.published(kid, algorithm)
      if (later) return later
    }
    throw new errors.JWKSNoMatchingKey()
  }

  published(kid: string | undefined, algorithm: string): KeyObject | null {
    return this.#find(kid, algorithm)?.publicKey ?? null
  }

  own(kid: string | undefined, algorithm: string): KeyObject | null {
    const found = this.#find(kid, algorithm)
    return found === undefined ? null : this.#privateKeyIfOpened(found.stored)
  }

  /** Returns the public keys, including the next one (RFC 7517). */
  async jwks(): Promise<{ readonly keys: readonly JWK[] }> {
    const now = this.#runtime.clock()
    if (now - this.#readAt > rereadMs) await this.#read()
    return { keys: this.#keys.filter(({ stored }) => !isRetired(stored, now)).map(({ publicJwk }) => publicJwk) }
  }

  /**
   * Publishes a new key, which signs once every cache of the public keys has it.
   *
   * @param options.immediately for a key that may have leaked: the new key signs immediately, and this node refuses all others
   * immediately, so that all clients need a new access token. Other nodes follow when the broker tells them, and within
   * `healIntervalMs` without it; other verifiers when they read the keys again. Until then they refuse the new key.
   */
  async rotate({ immediately = false }: { readonly immediately?: boolean } = {}): Promise<KeyInfo> {
    for (;;) {
      await this.#read()
      const now = this.#runtime.clock()
      const pending = this.#keys.find(({ stored }) => stored.activatesAt > now && !isRetired(stored, now))
      if (pending && !immediately) return toInfo(pending.stored, this.#active(now)?.stored.kid, now)
      const activatesAt = immediately ? now : now + jwksCacheSeconds * 1_000 + rereadMs
      const othersRetireAt = immediately ? now : activatesAt + (this.#accessTtlSeconds + jwksCacheSeconds) * 1_000
      const isOurs = await this.#add({ replaces: this.#keys.at(-1)?.stored.kid ?? null, activatesAt, othersRetireAt })
      // The key of the other node may only be published and not sign yet, so the leaked one would stay in use.
      if (!isOurs && immediately) continue
      const added = this.#keys.at(-1)
      if (!added) throw new FocusError('internal', 'The key ring lost its newest key.')
      return toInfo(added.stored, this.#active(now)?.stored.kid, now)
    }
  }

  /** Lists all stored keys, the oldest first. */
  async list(): Promise<KeyInfo[]> {
    await this.#read()
    const now = this.#runtime.clock()
    const active = this.#active(now)?.stored.kid
    return this.#keys.map(({ stored }) => toInfo(stored, active, now))
  }

  async #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = null
    })
    await this.#reading
  }

  async #readNow(): Promise<void> {
    const stored = await this.#store.list()
    const known = new Map(this.#keys.map((key) => [key.stored.kid, key]))
    this.#keys = stored.map((key) => ({ ...(known.get(key.kid) ?? toRingKey(key)), stored: key }))
    this.#readAt = this.#runtime.clock()
    const retired = this.#keys.filter((key) => isRetired(key.stored, this.#readAt)).length
    if (retired > this.#retired) this.generation += 1
    this.#retired = retired
  }

  /** Adds a key. Returns false when another node added one first; ours is then discarded. */
  async #add(place: { replaces: string | null; activatesAt: number; othersRetireAt: number }): Promise<boolean> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const publicJwk = publicKey.export({ format: 'jwk' }) as JWK
    const kid = await calculateJwkThumbprint(publicJwk)
    const privatePem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const key: StoredKey = {
      kid,
      alg,
      publicJwk: JSON.stringify({ ...publicJwk, kid, alg, use: 'sig' }),
      privateSealed: seal(privatePem, this.#newestSecret(), contextOf(kid), this.#runtime.random),
      // Keys are listed in this order; the clocks of two nodes alone do not guarantee it.
      createdAt: Math.max(this.#runtime.clock(), (this.#keys.at(-1)?.stored.createdAt ?? 0) + 1),
      activatesAt: place.activatesAt,
      retiresAt: null,
    }
    const isAdded = await this.#store.add(key, place.replaces, place.othersRetireAt)
    this.#debug('signing key added', { kid, activatesAt: place.activatesAt, byThisNode: isAdded })
    // A running read may have started before the key was stored.
    await this.#reading
    await this.#read()
    if (isAdded) for (const listener of this.#listeners) listener()
    return isAdded
  }

  /** Seals keys with the newest secret after `FOCUS_SECRET=new,old`, so that the old secret can be removed. */
  async #reseal(): Promise<void> {
    const secret = this.#newestSecret()
    for (const { stored } of this.#keys) {
      const context = contextOf(stored.kid)
      if (unseal(stored.privateSealed, [secret], context) !== null) continue
      const pem = unseal(stored.privateSealed, this.#secrets, context)
      if (pem === null) throw wrongSecret()
      await this.#store.reseal(stored.kid, stored.privateSealed, seal(pem, secret, context, this.#runtime.random))
    }
  }

  #active(now: number): RingKey | undefined {
    return this.#keys
      .filter(({ stored }) => stored.activatesAt <= now && !isRetired(stored, now))
      .reduce<RingKey | undefined>((a, b) => (a && a.stored.activatesAt > b.stored.activatesAt ? a : b), undefined)
  }

  #find(kid: string | undefined, algorithm: string): RingKey | undefined {
    if (algorithm !== alg) return undefined
    const now = this.#runtime.clock()
    return this.#keys.find(({ stored }) => stored.kid === kid && !isRetired(stored, now))
  }

  #privateKey(stored: StoredKey): KeyObject {
    const key = this.#privateKeyIfOpened(stored)
    if (key === null) throw wrongSecret()
    return key
  }

  /** Returns null for a key that another node sealed with a secret that this one does not have yet: it can verify only. */
  #privateKeyIfOpened({ kid, privateSealed }: StoredKey): KeyObject | null {
    const known = this.#privateKeys.get(kid)
    if (known) return known
    if (this.#unopened.has(privateSealed)) return null
    const pem = unseal(privateSealed, this.#secrets, contextOf(kid))
    if (pem === null) {
      this.#unopened.add(privateSealed)
      return null
    }
    const key = createPrivateKey(pem)
    this.#privateKeys.set(kid, key)
    return key
  }

  #newestSecret(): string {
    const [newest] = this.#secrets
    if (newest !== undefined) return newest
    throw new FocusError('invalid_option', 'FOCUS_SECRET: is required to store signing keys.', {
      hint: 'Set FOCUS_SECRET to the output of `openssl rand -base64 48`.',
    })
  }
}

function wrongSecret(): FocusError {
  return new FocusError('invalid_option', 'FOCUS_SECRET does not open the signing keys in the database.', {
    hint: 'Set it to the value that sealed them; to change it, set FOCUS_SECRET=new,old.',
  })
}

function toRingKey(stored: StoredKey): RingKey {
  const publicJwk = JSON.parse(stored.publicJwk) as JWK
  return { stored, publicJwk, publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }) }
}

function contextOf(kid: string): string {
  return `signing-key:${kid}`
}

function isRetired({ retiresAt }: StoredKey, now: number): boolean {
  return retiresAt !== null && retiresAt <= now
}

function toInfo(stored: StoredKey, activeKid: string | undefined, now: number): KeyInfo {
  const { kid, alg, createdAt, activatesAt, retiresAt } = stored
  return { kid, alg, state: stateOf(stored, activeKid, now), createdAt, activatesAt, retiresAt }
}

function stateOf(stored: StoredKey, activeKid: string | undefined, now: number): KeyInfo['state'] {
  if (isRetired(stored, now)) return 'retired'
  if (stored.kid === activeKid) return 'active'
  return stored.activatesAt > now ? 'next' : 'retiring'
}
