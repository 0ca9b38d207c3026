import { type LookupAddress, promises as dns } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
  readonly code = 'EFORBIDDENADDRESS'
}

/** Finds the addresses of a host. */
export type AddressesOf = (hostname: string) => Promise<LookupAddress[]>

/**
 * A look-up for `net.connect`.
 *
 * @param guarded leaves private, link-local and other special addresses out. The check is made on the very addresses that are
 *   then connected to, so that a name cannot point elsewhere a moment later (S30).
 */
export function lookupWith(addressesOf: AddressesOf, { guarded }: { guarded: boolean }): LookupFunction {
  return (hostname, options, callback) => {
    addressesOf(hostname).then(
      (found) => {
        const allowed = guarded ? found.filter(({ address }) => isPublicAddress(address)) : found
        const [first] = allowed
        if (first === undefined) {
          return callback(new ForbiddenAddressError(`${hostname} is not an address on the public internet.`), [])
        }
        if (options.all) return callback(null, allowed)
        callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    )
  }
}

const underWay = new Map<string, Promise<LookupAddress[]>>()

/**
 * Asks the system, for hosts that the operator chose: search domains and everything else of `getaddrinfo` apply. A host that
 * does not resolve holds one thread of libuv's pool at a time, however many calls wait for it (S40).
 */
export function systemAddressesOf(hostname: string): Promise<LookupAddress[]> {
  let found = underWay.get(hostname)
  if (!found) {
    found = dns.lookup(hostname, { all: true }).finally(() => underWay.delete(hostname))
    underWay.set(hostname, found)
  }
  return found
}
