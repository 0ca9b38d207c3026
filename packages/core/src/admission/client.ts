import { BlockList } from 'node:net'
import type { ClientAddress } from '../net/addresses/client-address.ts'
import { type Network, networksOf } from '../net/addresses/networks.ts'

/** Allowances of an address that stands for many clients. */
const crowdShare = 16

const privateRanges = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  privateRanges.addSubnet(network, prefix, 'ipv4')
}
privateRanges.addSubnet('fc00::', 7, 'ipv6')

/** The client of a request or a connection, as limits count it. */
export class Client {
  readonly address: string | null
  readonly forwarded: ClientAddress['forwarded']
  #networks: readonly Network[] | null = null

  constructor({ address, forwarded }: ClientAddress) {
    this.address = address
    this.forwarded = forwarded
  }

  get isLoopback(): boolean {
    return this.address !== null && (this.address === '::1' || this.address.startsWith('127.'))
  }

  /** Whether the peer looks like a reverse proxy that `FOCUS_TRUSTED_PROXIES` does not name. It stands for many clients. */
  get isUnnamedProxy(): boolean {
    if (this.forwarded !== 'ignored') return false
    return this.address === null || this.isLoopback || isPrivate(this.address)
  }

  /** The networks that the client is counted in, the widest first. */
  get networks(): readonly Network[] {
    return (this.#networks ??= this.#findNetworks())
  }

  /** Drops what `networks` computed and would compute again, before the client is kept for as long as a connection. */
  compact(): this {
    this.#networks = null
    return this
  }

  /** The narrowest network. */
  get name(): string {
    return this.networks.at(-1)?.name ?? ''
  }

  #findNetworks(): readonly Network[] {
    if (this.address === null) return [{ name: 'no address', share: crowdShare }]
    if (this.isUnnamedProxy) return [{ name: this.address, share: crowdShare }]
    return networksOf(this.address)
  }
}

function isPrivate(address: string): boolean {
  return privateRanges.check(address, address.includes(':') ? 'ipv6' : 'ipv4')
}
