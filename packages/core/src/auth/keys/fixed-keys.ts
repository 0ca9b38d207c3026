import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { errors, type JWK } from 'jose'
import { FocusError } from '../../common/errors.ts'
import { sha256Hex } from '../../common/hashing.ts'
import { algorithmOf } from './key-algorithm.ts'
import type { KeyInfo, SigningKey, TokenKeys } from './token-keys.ts'

interface FixedKey {
  readonly kid: string
  readonly alg: string
  readonly signing: KeyObject
  readonly verifying: KeyObject
  /** Null for a secret. */
  readonly publicJwk: JWK | null
}

/** Keys from the configuration of the application: the first signs, all of them verify. */
export class FixedKeys implements TokenKeys {
  readonly algorithms: readonly string[]
  readonly generation = 0
  readonly #keys: readonly [FixedKey, ...FixedKey[]]

  constructor(keys: readonly [FixedKey, ...FixedKey[]]) {
    this.#keys = keys
    this.algorithms = [...new Set(keys.map(({ alg }) => alg))]
  }

  async start(): Promise<void> {}
  async maintain(): Promise<void> {}
  async refresh(): Promise<void> {}
  onChanged(): void {}

  async signing(): Promise<SigningKey> {
    const [{ kid, alg, signing }] = this.#keys
    return { kid, alg, key: signing }
  }

  async verification(kid: string | undefined, alg: string): Promise<KeyObject> {
    const found = this.published(kid, alg)
    if (found) return found
    throw new errors.JWKSNoMatchingKey()
  }

  published(kid: string | undefined, alg: string): KeyObject | null {
    return this.#find(kid, alg)?.verifying ?? null
  }

  own(kid: string | undefined, alg: string): KeyObject | null {
    return this.#find(kid, alg)?.signing ?? null
  }

  async jwks(): Promise<{ readonly keys: readonly JWK[] }> {
    return { keys: this.#keys.flatMap(({ publicJwk }) => (publicJwk === null ? [] : [publicJwk])) }
  }

  async list(): Promise<KeyInfo[]> {
    return this.#keys.map(({ kid, alg }, index) => ({
      kid,
      alg,
      state: index === 0 ? 'active' : 'retiring',
      createdAt: null,
      activatesAt: null,
      retiresAt: null,
    }))
  }

  async rotate(): Promise<KeyInfo> {
    throw new FocusError('invalid_request', 'The signing keys come from the configuration.', {
      hint: 'Put a new key in front of the old ones in `tokens`, and restart the server.',
    })
  }

  #find(kid: string | undefined, alg: string): FixedKey | undefined {
    return this.#keys.find((key) => key.kid === kid && key.alg === alg)
  }
}

/**
 * Returns HS256 keys for secrets of at least 32 bytes, the newest first (RFC 7518 §3.2).
 *
 * @throws FocusError `invalid_option`
 */
export function sharedSecretKeys(secrets: readonly string[]): FixedKeys {
  return new FixedKeys(
    atLeastOne(
      secrets.map((secret) => {
        if (Buffer.byteLength(secret) < 32) throw invalid('tokens.secret', 'at least 32 bytes')
        const key = createSecretKey(Buffer.from(secret))
        return {
          kid: sha256Hex(`kid:${secret}`).slice(0, 16),
          alg: 'HS256',
          signing: key,
          verifying: key,
          publicJwk: null,
        }
      }),
    ),
  )
}

/**
 * Returns the keys of the application, given as private JWKs, the signing key first.
 *
 * @throws FocusError `invalid_option`
 */
export function ownKeys(jwks: readonly JWK[]): FixedKeys {
  return new FixedKeys(atLeastOne(jwks.map(toFixedKey)))
}

function toFixedKey(jwk: JWK, index: number): FixedKey {
  const alg = algorithmOf(jwk)
  const name = `tokens.keys[${index}]`
  if (alg === undefined || jwk.kid === undefined) throw invalid(name, 'a JWK with a kid and a known kty')
  try {
    const signing = createPrivateKey({ key: jwk, format: 'jwk' })
    const verifying = createPublicKey(signing)
    const publicJwk = { ...(verifying.export({ format: 'jwk' }) as JWK), kid: jwk.kid, alg, use: 'sig' }
    return { kid: jwk.kid, alg, signing, verifying, publicJwk }
  } catch {
    // The error of the key library may quote the key, so it is dropped.
    throw invalid(name, 'a private key as a JWK')
  }
}

function atLeastOne<T>(items: readonly T[]): readonly [T, ...T[]] {
  const [first, ...rest] = items
  if (first === undefined) throw invalid('tokens', 'at least one key')
  return [first, ...rest]
}

function invalid(option: string, form: string): FocusError {
  return new FocusError('invalid_option', `${option}: must be ${form}.`, { hint: `Correct ${option} and start again.` })
}
