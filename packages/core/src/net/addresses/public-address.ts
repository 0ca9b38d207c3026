import { BlockList, isIP } from 'node:net'

/** Returns whether an IP address is on the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  if (family !== 6) return false
  const embedded = embeddedIpv4(address)
  if (embedded !== null) return isPublicAddress(embedded)
  return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/** Addresses that are not on the public internet (IANA special-purpose registries, RFC 6890). */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
}

/** The IPv6 range that is public, apart from the exceptions below. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
for (const [network, prefix] of [
  // Tunnels with an IPv4 address inside, and documentation.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, prefix, 'ipv6')
}

const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')
const nat64 = new BlockList()
nat64.addSubnet('64:ff9b::', 96, 'ipv6')

/** Returns the IPv4 address inside an IPv4-mapped (RFC 4291) or NAT64 (RFC 6052) address; null for other addresses. */
function embeddedIpv4(address: string): string | null {
  if (!mapped.check(address, 'ipv6') && !nat64.check(address, 'ipv6')) return null
  // The URL parser always writes the last 32 bits as two groups.
  const groups = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split(':')
  const [high = '0', low = '0'] = groups.slice(-2)
  const bits = (Number.parseInt(high || '0', 16) << 16) | Number.parseInt(low || '0', 16)
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}
