/** What a server of the benchmark looks like from outside; it travels between the processes as JSON. */
export interface Scene {
  readonly target: TargetName
  readonly port: number
  readonly issuer: string
  readonly adminKey: string
  /** What the attacker, who has an account like everybody, sends along. */
  readonly attacker: Credentials
  readonly victim: Credentials
}

export type TargetName = 'focus' | 'peers'

export interface Credentials {
  readonly userId: string
  readonly headers: Readonly<Record<string, string>>
  /** For the query of a WebSocket's address. */
  readonly token: string
}

/** Where normal users are: each request of the probe comes from another, so that it is the flood's limits that are looked at. */
export function addressOfNeighbour(): string {
  return `203.0.113.${1 + Math.floor(Math.random() * 250)}`
}

/** Any address of one IPv6 /48, which one customer can have. */
export function addressOfRange(): string {
  const group = () => Math.floor(Math.random() * 65_536).toString(16)
  return `2001:db8:77:${group()}:${group()}:${group()}:${group()}:${group()}`
}

/** One of 15,000 IPv4 addresses, as of a botnet. */
export function addressOfBotnet(index: number): string {
  const number = index % 15_000
  return `198.${18 + (number >> 13)}.${(number >> 5) & 255}.${((number & 31) << 3) + 1}`
}
