import { createHash, timingSafeEqual } from 'node:crypto'
import type { RandomSource } from '../../common/runtime.ts'

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
