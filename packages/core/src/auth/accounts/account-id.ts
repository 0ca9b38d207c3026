import { sha256Base64Url } from '../../common/hashing.ts'
import type { AccountKey } from './user-directory-port.ts'

/** Returns a short name for an account, safe in URLs, the same on every node. */
export function accountId({ issuer, subject }: AccountKey): string {
  return sha256Base64Url(JSON.stringify([issuer, subject])).slice(0, 22)
}
