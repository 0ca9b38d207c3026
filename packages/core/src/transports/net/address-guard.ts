import { lookup as dnsLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from '../../public-address.ts'

export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
  readonly code = 'EFORBIDDENADDRESS'
}

/**
 * A DNS look-up for `net.connect` that leaves private, link-local and other special addresses out: the check is made on the
 * very addresses that are then connected to, so that a name cannot point elsewhere a moment later (S30).
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, [])
    const allowed = addresses.filter(({ address }) => isPublicAddress(address))
    const [first] = allowed
    if (first === undefined) {
      return callback(new ForbiddenAddressError(`${hostname} is not an address on the public internet.`), [])
    }
    if (options.all) return callback(null, allowed)
    callback(null, first.address, first.family)
  })
}
