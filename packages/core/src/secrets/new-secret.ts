import type { RandomSource } from '../common/runtime.ts'

/** Returns an unguessable text of 256 bits, safe in URLs, headers and cookies. */
export function newSecret(random: RandomSource): string {
  return Buffer.from(random(32)).toString('base64url')
}
