import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { RandomSource } from '../common/runtime.ts'

const version = 'v1'
const saltBytes = 16
/** The size for which GCM is specified without hashing it first (NIST SP 800-38D §5.2.1.1). */
const ivBytes = 12
const tagBytes = 16

/**
 * Encrypts a text with AES-256-GCM under a key that HKDF (RFC 5869) derives from `secret`.
 *
 * @param context the purpose of the text. It is part of the key, so that one sealed value cannot take another's place.
 */
export function seal(plaintext: string, secret: string, context: string, random: RandomSource): string {
  const salt = random(saltBytes)
  const iv = random(ivBytes)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, salt, context), iv)
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return join(salt, iv, body)
}

/** Returns the text that was sealed with one of `secrets` for `context`; null when none of them opens it. */
export function unseal(sealed: string, secrets: readonly string[], context: string): string | null {
  const [, ...parts] = sealed.split('.')
  const [salt, iv, body] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (salt?.length !== saltBytes || iv?.length !== ivBytes || !body || body.length < tagBytes) return null
  // Base64 decoding ignores stray characters and bits. A single-use secret must have exactly one spelling.
  if (sealed !== join(salt, iv, body)) return null
  for (const secret of secrets) {
    const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, salt, context), iv)
    decipher.setAuthTag(body.subarray(-tagBytes))
    try {
      return decipher.update(body.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      // Sealed with another secret, or damaged: the next secret may open it.
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
