import { createCipheriv, createDecipheriv, createHash, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { RandomSource } from '../runtime.ts'

/** An unguessable text of 256 bits, safe in URLs, headers and cookies. */
export function newSecret(random: RandomSource): string {
  return Buffer.from(random(32)).toString('base64url')
}

/** How a secret is looked up without being stored. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** S256 of RFC 7636 §4.2. */
export function s256(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

/** Compares in a time that says nothing of where two texts differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}

/**
 * Encrypts a text with AES-256-GCM under a key that HKDF derives from `secret`. `context` says what the text is; it is
 * authenticated, so that one sealed value cannot take another's place.
 */
export function seal(plaintext: string, secret: string, context: string, random: RandomSource): string {
  const salt = random(16)
  const iv = random(12)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, salt, context), iv)
  const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return ['v1', salt, iv, sealed]
    .map((part) => (part === 'v1' ? part : Buffer.from(part).toString('base64url')))
    .join('.')
}

/** The text of `seal`, opened with the first of the secrets that fits; null when none does. */
export function unseal(sealed: string, secrets: readonly string[], context: string): string | null {
  const [version, ...parts] = sealed.split('.')
  const [salt, iv, body] = parts.map((part) => Buffer.from(part, 'base64url'))
  if (version !== 'v1' || !salt || !iv || !body || body.length < 16) return null
  for (const secret of secrets) {
    const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret, salt, context), iv)
    decipher.setAuthTag(body.subarray(-16))
    try {
      return decipher.update(body.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      // Sealed under another secret, or damaged: the next secret may fit.
    }
  }
  return null
}

function deriveKey(secret: string, salt: Uint8Array, context: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, context, 32))
}
