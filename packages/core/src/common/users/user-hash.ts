import { fnv1a } from '../text/fnv1a.ts'
import type { UserKey } from '../user-id.ts'

/** Returns a number from 0 to 2^31 - 1 that is the same on every node, and spreads keys that differ little (FNV-1a, mixed). */
export function userHash(userKey: UserKey): number {
  let hash = fnv1a(userKey)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  // 31 bits: V8 keeps larger numbers in objects of their own.
  return (hash ^ (hash >>> 16)) >>> 1
}
