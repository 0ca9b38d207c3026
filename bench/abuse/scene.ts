/** The server of a benchmark as its clients see it. Processes send it to each other as JSON. */
export interface Scene {
  readonly target: TargetName
  readonly port: number
  readonly issuer: string
  readonly adminKey: string
  /** Credentials of the attacker, who has a normal account. */
  readonly attacker: Credentials
  readonly victim: Credentials
}

export type TargetName = 'focus' | 'peers'

export interface Credentials {
  readonly userId: string
  readonly headers: Readonly<Record<string, string>>
  /** Token for the query of a WebSocket's address. */
  readonly token: string
}

/** Returns an address of a normal user: another one for each request, so that only the flood reaches the limits. */
export function addressOfNeighbour(): string {
  return `203.0.113.${1 + Math.floor(Math.random() * 250)}`
}

/** Returns a random address of one IPv6 /48, which one customer can have. */
export function addressOfRange(): string {
  const group = () => Math.floor(Math.random() * 65_536).toString(16)
  return `2001:db8:77:${group()}:${group()}:${group()}:${group()}:${group()}`
}

/** Returns one of the 15,000 IPv4 addresses of a botnet. */
export function addressOfBotnet(index: number): string {
  const number = index % 15_000
  return `198.${18 + (number >> 13)}.${(number >> 5) & 255}.${((number & 31) << 3) + 1}`
}
