import { createHash } from 'node:crypto'
import type { ExternalAccount } from '../ports.ts'

/** Which account of a provider: what it is known by (S12). */
export type AccountKey = Pick<ExternalAccount, 'issuer' | 'subject'>

/** A short name for an account, safe in URLs, the same on every node. */
export function accountId({ issuer, subject }: AccountKey): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url')
    .slice(0, 22)
}
