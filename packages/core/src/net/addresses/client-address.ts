import { BlockList, isIP } from 'node:net'
import { FocusError } from '../../common/errors.ts'
import { normalAddress } from './networks.ts'

/** The client of a request, according to the peer and the trusted proxies. */
export interface ClientAddress {
  /** Null when the peer has no address. */
  readonly address: string | null
  /**
   * The use of `X-Forwarded-For`: it was absent; a trusted proxy wrote it; or it was ignored, because the peer is not in
   * `FOCUS_TRUSTED_PROXIES`.
   */
  readonly forwarded: 'none' | 'used' | 'ignored'
}

/** Finds the client behind the trusted proxies. It ignores the `X-Forwarded-For` of other peers (S27). */
export type ClientAddressFinder = (peer: string | undefined, forwardedFor: string | null | undefined) => ClientAddress

/** Longer than any real chain of proxies. A longer list is an attempt to cost time. */
const maxHops = 16

/**
 * Returns the finder for a list of reverse proxies.
 *
 * @param trustedProxies addresses, CIDR ranges, `loopback`, `private`, or `unix` for peers without an address, such as a Unix socket
 * @throws FocusError `invalid_option` for any other entry
 */
export function createClientAddressFinder(trustedProxies: readonly string[]): ClientAddressFinder {
  const trusted = new BlockList()
  const trustsNameless = trustedProxies.includes('unix')
  for (const entry of trustedProxies) if (entry !== 'unix') addProxy(trusted, entry)
  const isTrusted = (address: string | null) =>
    address === null ? trustsNameless : trusted.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
  return (peer, forwardedFor) => {
    const nearest = peer === undefined ? null : normalAddress(peer)
    if (!forwardedFor) return { address: nearest, forwarded: 'none' }
    if (!isTrusted(nearest)) return { address: nearest, forwarded: 'ignored' }
    return { address: behind(nearest, forwardedFor, isTrusted), forwarded: 'used' }
  }
}

/** Returns the first hop, from the nearest outwards, that is not a trusted proxy. */
function behind(
  proxy: string | null,
  forwardedFor: string,
  isTrusted: (address: string | null) => boolean,
): string | null {
  let client = proxy
  let end = forwardedFor.length
  for (let hop = 0; hop < maxHops && end > 0 && isTrusted(client); hop += 1) {
    const comma = forwardedFor.lastIndexOf(',', end - 1)
    const next = normalAddress(withoutPort(forwardedFor.slice(comma + 1, end).trim()))
    if (next === null) break
    client = next
    end = comma
  }
  return client
}

const named: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

function addProxy(list: BlockList, entry: string): void {
  for (const range of named[entry] ?? [entry]) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    const longest = family === 'ipv6' ? 128 : 32
    const bits = prefix === undefined ? longest : Number(prefix)
    if (isIP(address) === 0 || !Number.isInteger(bits) || bits < 0 || bits > longest) {
      throw new FocusError('invalid_option', `FOCUS_TRUSTED_PROXIES: "${entry}" is not an address or a range.`, {
        hint: 'List addresses or CIDR ranges, separated by commas, such as 10.0.0.7 or 10.0.0.0/8; `loopback` and `private` stand for those ranges, `unix` for peers without an address.',
      })
    }
    list.addSubnet(address, bits, family)
  }
}

/** Some proxies write `203.0.113.9:41234` or `[2001:db8::1]:41234`. */
function withoutPort(hop: string): string {
  if (hop.startsWith('[')) return hop.slice(1, hop.indexOf(']'))
  const colon = hop.indexOf(':')
  return colon !== -1 && hop.indexOf('.') !== -1 && hop.indexOf('.') < colon ? hop.slice(0, colon) : hop
}
