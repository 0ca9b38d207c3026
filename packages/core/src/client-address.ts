import { BlockList, isIP } from 'node:net'
import { FocusError } from './errors.ts'

/** Finds the client behind the proxies that the operator named; anybody else's `X-Forwarded-For` is ignored (S27). */
export type ClientAddress = (peer: string | undefined, forwardedFor: string | null) => string | null

/**
 * Addresses and CIDR ranges of the reverse proxies in front, or the words `loopback` and `private`.
 *
 * @throws FocusError `invalid_option` for an entry that is neither.
 */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const trusted = new BlockList()
  for (const entry of trustedProxies) addProxy(trusted, entry)
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (peer, forwardedFor) => {
    if (!peer) return null
    let client = normalise(peer)
    if (!forwardedFor || isIP(client) === 0) return client
    const hops = forwardedFor.split(',').map((hop) => normalise(withoutPort(hop.trim())))
    // From the nearest hop outwards: the first one that no trusted proxy speaks for is the client.
    while (isTrusted(client)) {
      const next = hops.pop()
      if (next === undefined || isIP(next) === 0) break
      client = next
    }
    return client
  }
}

/**
 * What of a client's address limits count: one customer of an IPv6 network has a /64 of addresses, and could use a new one
 * for every request.
 */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return normalise(address)
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  if (tail !== undefined) {
    const after = tail.split(':').filter(Boolean)
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
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
      throw new FocusError('invalid_option', `FOCUS_TRUSTED_PROXIES: "${entry}" is not an address or a range`, {
        hint: 'Give addresses or CIDR ranges, separated by commas, such as 10.0.0.7 or 10.0.0.0/8; `loopback` and `private` stand for those ranges.',
      })
    }
    list.addSubnet(address, bits, family)
  }
}

/** Some proxies say `203.0.113.9:41234` or `[2001:db8::1]:41234`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1] ?? hop
}

/** IPv4 in its own form also where the socket is dual-stack. */
function normalise(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
