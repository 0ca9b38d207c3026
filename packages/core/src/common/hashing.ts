import { createHash, timingSafeEqual } from 'node:crypto'

/** Returns the SHA-256 of a text in lower-case hexadecimal: the form in which the database holds secrets. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Returns the SHA-256 of a text in base64url without padding; S256 of RFC 7636 §4.2 for a code verifier. */
export function sha256Base64Url(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Returns the SHA-256 of a text as bytes. */
export function sha256Bytes(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Compares two texts in a time that does not depend on where they differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(sha256Bytes(a), sha256Bytes(b))
}
