import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import { isLoopbackHost } from './urls.ts'
import { HostsFile } from './hosts-file.ts'

/** How names that users chose are resolved. */
export interface DnsOptions {
  /** Name servers, such as `['192.0.2.53', '192.0.2.54:5353']`; those of the system when absent. */
  readonly servers?: readonly string[]
  /** How long one name may take, in milliseconds; 3,000. */
  readonly timeoutMs?: number
  /** The hosts file; that of the system when absent, false for none. */
  readonly hostsFile?: string | false
}

export interface Asker {
  /** One look-up at a time for each party, such as a user. */
  readonly party: string
  readonly signal: AbortSignal
}

const cacheMs = 30_000
/** After one family has answered, the other has this long (RFC 8305 §3). */
const otherFamilyMs = 250
const failuresMs = 3_600_000

interface Turn {
  readonly hostname: string
  readonly begin: () => void
}

export class UnresolvedNameError extends Error {
  override readonly name = 'UnresolvedNameError'
}

/**
 * Resolves names that users chose, so that they cannot stop anything else (S40): with c-ares rather than `getaddrinfo`, which
 * holds one of the four threads of libuv's pool for as long as a name server hangs; with a time-out; and one name at a time for
 * each party, names that failed before last. `localhost` and names in the hosts file need no name server; search domains are
 * not applied.
 */
export class NameResolver {
  readonly #servers: readonly string[] | undefined
  readonly #timeoutMs: number
  readonly #hosts: HostsFile
  readonly #cache = new LRUCache<string, LookupAddress[]>({ max: 1_000 })
  readonly #failures = new LRUCache<string, number>({ max: 10_000, ttl: failuresMs })
  /** Parties with a look-up under way, and their next ones. */
  readonly #turns = new Map<string, Turn[]>()

  constructor({ servers, timeoutMs = 3_000, hostsFile }: DnsOptions = {}) {
    this.#servers = servers
    this.#timeoutMs = timeoutMs
    this.#hosts = new HostsFile(hostsFile)
  }

  /**
   * Returns IPv4 addresses before IPv6 ones, at least one.
   *
   * @throws UnresolvedNameError when the name has none, or nobody says so in time; the reason of the signal when it aborts
   */
  async resolve(hostname: string, asker: Asker): Promise<LookupAddress[]> {
    const known = this.#known(hostname)
    if (known) return known
    await this.#takeTurn(hostname, asker)
    try {
      return this.#known(hostname) ?? (await this.#ask(hostname, asker.signal))
    } finally {
      this.#endTurn(asker.party)
    }
  }

  #known(hostname: string): LookupAddress[] | undefined {
    if (isLoopbackHost(hostname)) return toLookup(['127.0.0.1', '::1'])
    const local = this.#hosts.addressesOf(hostname.toLowerCase())
    return local.length > 0 ? toLookup(local) : this.#cache.get(hostname)
  }

  async #takeTurn(hostname: string, { party, signal }: Asker): Promise<void> {
    signal.throwIfAborted()
    const waiting = this.#turns.get(party)
    if (!waiting) return void this.#turns.set(party, [])
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        waiting.splice(waiting.indexOf(turn), 1)
        reject(signal.reason as Error)
      }
      const turn: Turn = {
        hostname,
        begin() {
          signal.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      waiting.push(turn)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  #endTurn(party: string): void {
    const waiting = this.#turns.get(party) ?? []
    const failuresOf = ({ hostname }: Turn) => this.#failures.get(hostname) ?? 0
    const [next] = waiting.toSorted((one, other) => failuresOf(one) - failuresOf(other))
    if (!next) return void this.#turns.delete(party)
    waiting.splice(waiting.indexOf(next), 1)
    next.begin()
  }

  async #ask(hostname: string, signal: AbortSignal): Promise<LookupAddress[]> {
    const resolver = new Resolver({ timeout: Math.ceil(this.#timeoutMs / 3), tries: 2 })
    if (this.#servers) resolver.setServers(this.#servers)
    const stop = () => resolver.cancel()
    const overtime = setTimeout(stop, this.#timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    let other: NodeJS.Timeout | undefined
    const answered = <T>(addresses: T) => {
      other ??= setTimeout(stop, otherFamilyMs)
      return addresses
    }
    try {
      const families = [resolver.resolve4(hostname, { ttl: true }), resolver.resolve6(hostname, { ttl: true })]
      const results = await Promise.allSettled(families.map((family) => family.then(answered)))
      signal.throwIfAborted()
      const records = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
      if (records.length === 0) throw this.#unresolved(hostname, results)
      this.#failures.delete(hostname)
      const addresses = toLookup(records.map(({ address }) => address))
      const ttlMs = Math.min(...records.map(({ ttl }) => ttl * 1_000), cacheMs)
      if (ttlMs > 0) this.#cache.set(hostname, addresses, { ttl: ttlMs })
      return addresses
    } finally {
      clearTimeout(overtime)
      clearTimeout(other)
      signal.removeEventListener('abort', stop)
      if (signal.aborted) this.#countFailure(hostname)
    }
  }

  #unresolved(hostname: string, results: readonly PromiseSettledResult<unknown>[]): UnresolvedNameError {
    this.#countFailure(hostname)
    const codes = results.map((result) => (result.status === 'rejected' ? codeOf(result.reason) : ''))
    const reason = codes.every((code) => code === 'ECANCELLED' || code === 'ETIMEOUT')
      ? `not within ${this.#timeoutMs} ms`
      : codes.find((code) => code !== 'ECANCELLED' && code !== 'ETIMEOUT')
    return new UnresolvedNameError(`${hostname} was not resolved (${reason}).`)
  }

  #countFailure(hostname: string): void {
    this.#failures.set(hostname, (this.#failures.get(hostname) ?? 0) + 1)
  }
}

function toLookup(addresses: readonly string[]): LookupAddress[] {
  return addresses.map((address) => ({ address, family: isIP(address) }))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
