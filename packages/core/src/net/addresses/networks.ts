import { isIP } from 'node:net'

/** A range of addresses that one customer may have. */
export interface Network {
  /** Such as `203.0.113.9`, `203.0.113.0/24` or `2001:db8:1:2::/64`. */
  readonly name: string
  /** The allowance of the range, as a multiple of the allowance of one address. */
  readonly share: number
}

/** IPv4: the address and its /24. */
const ipv4Shares = { address: 1, slash24: 8 } as const
/** IPv6: the prefix lengths that providers assign to one customer (RFC 6177). */
const ipv6Shares = [
  { prefix: 48, share: 8 },
  { prefix: 56, share: 4 },
  { prefix: 64, share: 1 },
] as const

/**
 * Returns the networks of an address that rate limits count, the widest first. A customer with IPv6 has at least a /64, often a /56 or
 * a /48, and could use a new address for every request.
 *
 * @param address a valid address, as `node:net` or a proxy writes it
 */
export function networksOf(address: string): readonly Network[] {
  const groups = address.includes(':') ? groupsOf(address) : null
  if (groups === null) {
    const slash24 = `${address.slice(0, address.lastIndexOf('.'))}.0/24`
    return [
      { name: slash24, share: ipv4Shares.slash24 },
      { name: address, share: ipv4Shares.address },
    ]
  }
  return ipv6Shares.map(({ prefix, share }) => ({ name: prefixOf(groups, prefix), share }))
}

/**
 * Returns an address in its normal form: lower case, without a zone, an IPv4-mapped address as IPv4. Null for a text that is not an
 * address.
 */
export function normalAddress(text: string): string | null {
  // Longer than any address.
  if (text.length > 64) return null
  const zone = text.indexOf('%')
  const address = zone === -1 ? text : text.slice(0, zone)
  const version = isIP(address)
  if (version === 0) return null
  if (version === 4) return address
  const groups = groupsOf(address)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (!isMapped) return address.toLowerCase()
  const [high = 0, low = 0] = groups.slice(6)
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
}

/** Returns the eight groups of an IPv6 address (RFC 4291 §2.2). */
function groupsOf(address: string): number[] {
  const gap = address.indexOf('::')
  if (gap === -1) return parseGroups(address)
  const head = parseGroups(address.slice(0, gap))
  const tail = parseGroups(address.slice(gap + 2))
  return [...head, ...Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail]
}

function parseGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function prefixOf(groups: readonly number[], prefix: number): string {
  const whole = prefix >> 4
  const kept = groups.slice(0, whole)
  if (prefix % 16 !== 0) kept.push((groups[whole] ?? 0) & (0xffff << (16 - (prefix % 16))))
  return `${kept.map((group) => group.toString(16)).join(':')}::/${prefix}`
}
