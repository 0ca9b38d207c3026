import { type LookupAddress, promises as dns } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { notPublic } from '../outgoing/outgoing-url.ts'
import { isPublicAddress } from './public-address.ts'

/** Resolves a host name to its IP addresses. */
export type AddressesOf = (hostname: string) => Promise<LookupAddress[]>

/**
 * Returns a `lookup` for `net.connect`.
 *
 * @param guarded excludes private, link-local and other special addresses. The check applies to the addresses of the connection
 *   itself, so that a name cannot resolve to another address afterwards (S30).
 */
export function lookupWith(addressesOf: AddressesOf, { guarded }: { guarded: boolean }): LookupFunction {
  return (hostname, options, callback) => {
    addressesOf(hostname).then(
      (found) => {
        const allowed = guarded ? found.filter(({ address }) => isPublicAddress(address)) : found
        const [first] = allowed
        if (first === undefined) {
          return callback(notPublic(hostname), [])
        }
        if (options.all) return callback(null, allowed)
        callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

const inProgress = new Map<string, Promise<LookupAddress[]>>()

/**
 * Resolves a host that the operator chose, with `getaddrinfo` and its search domains. All calls for one host share one lookup, so
 * that a host that does not resolve holds one thread of libuv's pool at most (S40).
 */
export function systemAddressesOf(hostname: string): Promise<LookupAddress[]> {
  let found = inProgress.get(hostname)
  if (!found) {
    found = dns.lookup(hostname, { all: true }).finally(() => inProgress.delete(hostname))
    inProgress.set(hostname, found)
  }
  return found
}
