import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { JsonValue } from '../common/json.ts'
import type { RandomSource } from '../common/runtime.ts'

/**
 * Hands data to a client that only this installation can read and nobody can change, so that the server keeps nothing until
 * it comes back: sign-in flows, nonces, tickets. Every node with the same `FOCUS_SECRET` opens it.
 */
export class Sealer {
  readonly #secrets: readonly string[]
  readonly #random: RandomSource

  /** @param secrets the newest first: it seals; the older ones only open */
  constructor(secrets: readonly string[], random: RandomSource) {
    this.#secrets = secrets
    this.#random = random
  }

  /** A text of URL-safe characters. It differs each time: 128 random bits of it are the salt of its key. */
  seal(purpose: string, value: JsonValue): string {
    const [newest] = this.#secrets
    if (newest === undefined) throw new Error('There is no secret to seal with.')
    return seal(JSON.stringify(value), newest, purpose, this.#random)
  }

  /** The value that `seal` was given for the same purpose; null for any other text. */
  open(purpose: string, sealed: string): JsonValue | null {
    const text = unseal(sealed, this.#secrets, purpose)
    return text === null ? null : (JSON.parse(text) as JsonValue)
  }
}

const version = 'v1'
const saltBytes = 16
/** The size for which GCM is specified without hashing it first (NIST SP 800-38D §5.2.1.1). */
const ivBytes = 12
const tagBytes = 16

/**
 * Encrypts a text with AES-256-GCM under a key that HKDF derives from `secret`. `context` says what the text is; it is
 * part of the key, so that one sealed value cannot take another's place.
 */
export function seal(plaintext: string, secret: string, context: string, random: RandomSource): string {
  const salt = random(saltBytes)
  const iv = random(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, salt, context), iv)
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return join(salt, iv, body)
}

/** The text of `seal`, opened with the first of the secrets that fits; null when none does. */
export function unseal(sealed: string, secrets: readonly string[], context: string): string | null {
  const [, ...parts] = sealed.split('.')
  const [salt, iv, body] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (salt?.length !== saltBytes || iv?.length !== ivBytes || !body || body.length < tagBytes) return null
  // Decoding overlooks stray characters and bits: only one spelling counts, so that what works once has one name.
  if (sealed !== join(salt, iv, body)) return null
  for (const secret of secrets) {
    const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, salt, context), iv)
    decipher.setAuthTag(body.subarray(-tagBytes))
    try {
      return decipher.update(body.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      // Sealed under another secret, or damaged: the next secret may fit.
    }
  }
  return null
}

function join(...parts: readonly Uint8Array[]): string {
  return [version, ...parts.map((part) => Buffer.from(part).toString('base64url'))].join('.')
}

function deriveKey(secret: string, salt: Uint8Array, context: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, context, 32))
}
