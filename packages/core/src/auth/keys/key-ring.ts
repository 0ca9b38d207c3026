import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, errors, type JWK } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import { seal, unseal } from '../../secrets/seal.ts'
import type { KeyInfo, SigningKey, TokenKeys } from './token-keys.ts'
import type { KeyStore, StoredKey } from './key-store-port.ts'

const alg = 'EdDSA'
/** How long others may keep our published keys: the `max-age` of the JWKS route. */
export const jwksCacheSeconds = 300
/** How often the ring is read again; well below the time between a key's publication and its first use. */
export const rereadMs = 30_000
/** How long a key signs before the next one is made. */
const maxAgeMs = 90 * 86_400_000
/** How long a retired key is still listed for operators. */
const keepRetiredMs = 30 * 86_400_000
/** A token with an unknown key may be newer than our copy of the ring, but anybody can send one. */
const unknownKeyCooldownMs = 1_000

export interface KeyRingOptions {
  readonly store: KeyStore
  readonly runtime: Runtime
  /** What seals the private halves, the newest first. */
  readonly secrets: readonly string[]
  /** A replaced key is published for at least this long after its last signature. */
  readonly accessTtlSeconds: number
}

interface RingKey {
  readonly stored: StoredKey
  readonly publicKey: KeyObject
  readonly publicJwk: JWK
}

/**
 * The keys that sign access tokens, shared by all nodes over the database. A new key is published before it signs, and a
 * replaced one stays published until no token of its can be alive (S20).
 */
export class KeyRing implements TokenKeys {
  readonly algorithms: readonly string[] = [alg]
  readonly #store: KeyStore
  readonly #runtime: Runtime
  readonly #secrets: readonly string[]
  readonly #accessTtlSeconds: number
  generation = 0
  #retired = 0
  #keys: readonly RingKey[] = []
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null
  readonly #privateKeys = new Map<string, KeyObject>()

  constructor({ store, runtime, secrets, accessTtlSeconds }: KeyRingOptions) {
    this.#store = store
    this.#runtime = runtime
    this.#secrets = secrets
    this.#accessTtlSeconds = accessTtlSeconds
  }

  /** Reads the ring, and makes the first key where there is none. */
  async start(): Promise<void> {
    await this.#read()
    if (this.#keys.length === 0) {
      const now = this.#runtime.clock()
      await this.#add({ replaces: null, activatesAt: now, othersRetireAt: now })
    }
    await this.#reseal()
  }

  /** Replaces a key that has signed for long enough, and forgets keys whose tokens are all dead. */
  async maintain(): Promise<void> {
    await this.#read()
    const now = this.#runtime.clock()
    const newest = this.#keys.at(-1)
    if (newest && now - newest.stored.activatesAt > maxAgeMs) await this.rotate()
    await this.#store.purge(now - keepRetiredMs)
  }

  /** The key that signs now. */
  async signing(): Promise<SigningKey> {
    const now = this.#runtime.clock()
    if (now - this.#readAt > rereadMs) await this.#read()
    const active = this.#active(now)
    if (!active) throw new FocusError('internal', 'The key ring has no active key.')
    return { kid: active.stored.kid, alg, key: this.#privateKey(active.stored) }
  }

  /** The public key of a token's header. Rejects as jose's resolvers do when there is none. */
  async verification(kid: string | undefined, algorithm: string): Promise<KeyObject> {
    const found = this.#published(kid, algorithm)
    if (found) return found
    if (kid !== undefined && this.#runtime.clock() - this.#readAt > unknownKeyCooldownMs) {
      await this.#read()
      const later = this.#published(kid, algorithm)
      if (later) return later
    }
    throw new errors.JWKSNoMatchingKey()
  }

  /** The public keys, those that will sign next among them (RFC 7517). */
  async jwks(): Promise<{ readonly keys: readonly JWK[] }> {
    const now = this.#runtime.clock()
    if (now - this.#readAt > rereadMs) await this.#read()
    return { keys: this.#keys.filter(({ stored }) => !isRetired(stored, now)).map(({ publicJwk }) => publicJwk) }
  }

  /**
   * Publishes a new key, which signs once every cache of the published keys has it.
   *
   * @param options.immediately for a key that may be known to others: the new one signs at once and this node refuses all
   * others at once, so that everybody needs a new access token. Other nodes follow within `rereadMs`, other verifiers once
   * their copy of the keys is renewed; until then those refuse the new key.
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
      // The key that came first may be one that is only published yet, and leaves the exposed one in force.
      if (!isOurs && immediately) continue
      const added = this.#keys.at(-1)
      if (!added) throw new FocusError('internal', 'The key ring lost its newest key.')
      return toInfo(added.stored, this.#active(now)?.stored.kid, now)
    }
  }

  /** All keys that are still known, the oldest first. */
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

  /** False when another node added a key first: then there is that one, and ours is dropped. */
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
      // Keys are listed in this order, which the clocks of two nodes alone would not keep.
      createdAt: Math.max(this.#runtime.clock(), (this.#keys.at(-1)?.stored.createdAt ?? 0) + 1),
      activatesAt: place.activatesAt,
      retiresAt: null,
    }
    const isAdded = await this.#store.add(key, place.replaces, place.othersRetireAt)
    // A read that is under way may have begun before the key was there.
    await this.#reading
    await this.#read()
    return isAdded
  }

  /** After `FOCUS_SECRET=new,old`: what the old secret sealed is sealed with the new one, so that the old one can go. */
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

  #published(kid: string | undefined, algorithm: string): KeyObject | null {
    if (algorithm !== alg) return null
    const now = this.#runtime.clock()
    const key = this.#keys.find(({ stored }) => stored.kid === kid && !isRetired(stored, now))
    return key?.publicKey ?? null
  }

  #privateKey(stored: StoredKey): KeyObject {
    const known = this.#privateKeys.get(stored.kid)
    if (known) return known
    const pem = unseal(stored.privateSealed, this.#secrets, contextOf(stored.kid))
    if (pem === null) throw wrongSecret()
    const key = createPrivateKey(pem)
    this.#privateKeys.set(stored.kid, key)
    return key
  }

  #newestSecret(): string {
    const [newest] = this.#secrets
    if (newest !== undefined) return newest
    throw new FocusError('invalid_option', 'FOCUS_SECRET: is required to keep signing keys.', {
      hint: 'Set FOCUS_SECRET to the output of `openssl rand -base64 48`.',
    })
  }
}

function wrongSecret(): FocusError {
  return new FocusError('invalid_option', 'FOCUS_SECRET does not open the signing keys in the database.', {
    hint: 'Set it to the value that made them; to change it, set FOCUS_SECRET=new,old.',
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
