import { isIP } from 'node:net'
import { ForbiddenAddressError } from '../net-errors.ts'
import { isPublicAddress } from '../addresses/public-address.ts'
import { isLoopbackHost, isLoopbackUrl } from '../urls.ts'

/** The origin of a URL, which decides where it may lead. */
export type UrlTrust =
  /** An operator configured it: the public internet over https, or this machine. */
  | 'configured'
  /** A user gave it: the public internet over https only. */
  | 'public'
  /** Any http or https URL, the private network included. */
  | 'anywhere'

/**
 * Parses a URL that the server is about to call, and checks everything that needs no name lookup.
 *
 * @throws ForbiddenAddressError
 */
export function checkOutgoingUrl(url: string, trust: UrlTrust): URL {
  if (!URL.canParse(url)) throw new ForbiddenAddressError('The address is not a URL.')
  const target = new URL(url)
  const plainAllowed = trust === 'anywhere' || (trust === 'configured' && isLoopbackUrl(url))
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && plainAllowed)) {
    throw new ForbiddenAddressError(`The address of ${target.host || 'the peer'} is not https.`)
  }
  if (target.username || target.password) {
    throw new ForbiddenAddressError('The address contains a user name or a password.')
  }
  const literal = target.hostname.replace(/^\[|\]$/g, '')
  // An IP address in the URL is never looked up, so it is checked here.
  const isSpecial = isIP(literal) !== 0 ? !isPublicAddress(literal) : isLoopbackHost(literal)
  if (isSpecial && mustBePublic(target, trust)) throw notPublic(target.hostname)
  return target
}

/** Returns whether the address that a URL resolves to must be on the public internet. */
export function mustBePublic(target: URL, trust: UrlTrust): boolean {
  return trust === 'public' || (trust === 'configured' && !isLoopbackHost(target.hostname))
}

export function notPublic(hostname: string): ForbiddenAddressError {
  return new ForbiddenAddressError(`${hostname} is not an address on the public internet.`)
}
