import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import { isLoopbackHost } from '../urls.ts'
import { HostsFile } from './hosts-file.ts'
import { UnresolvedNameError } from '../net-errors.ts'

/** How host names that users chose are resolved. */
export interface DnsOptions {
  /** Name servers, such as `['192.0.2.53', '192.0.2.54:5353']`. Default: those of the system. */
  readonly servers?: readonly string[]
  /** How long one name may take, in milliseconds. Default: 3,000. */
  readonly timeoutMs?: number
  /** The path of the hosts file; false for none. Default: that of the system. */
  readonly hostsFile?: string | false
}

export interface LookupRequest {
  /** The user whose address it is. Each party has one lookup at a time. */
  readonly party: string
  readonly signal: AbortSignal
}

const cacheMs = 30_000
/** How long the second address family may take after the first one answered (RFC 8305 §3). */
const otherFamilyMs = 250
const failureMemoryMs = 3_600_000

interface Turn {
  readonly hostname: string
  readonly start: () => void
}

/**
 * Resolves host names that users chose, so that a name server that hangs blocks nothing else (S40). It uses c-ares, because
 * `getaddrinfo` holds one of the four threads of libuv's pool until the name server answers. Each name has a time-out, and each
 * party resolves one name at a time, names that failed before last. `localhost` and names in the hosts file need no name server.
 * Search domains are not applied.
 */
export class NameResolver {
  readonly #servers: readonly string[] | undefined
  readonly #timeoutMs: number
  readonly #hosts: HostsFile
  readonly #cache = new LRUCache<string, LookupAddress[]>({ max: 1_000 })
  readonly #failures = new LRUCache<string, number>({ max: 10_000, ttl: failureMemoryMs })
  /** By party with a lookup in progress, its waiting lookups. */
  readonly #turns = new Map<string, Turn[]>()

  constructor({ servers, timeoutMs = 3_000, hostsFile }: DnsOptions = {}) {
    this.#servers = servers
    this.#timeoutMs = timeoutMs
    this.#hosts = new HostsFile(hostsFile)
  }

  /**
   * Returns IPv4 addresses before IPv6 ones, at least one.
   *
   * @throws UnresolvedNameError when the name has no address or no name server answers in time
   * @throws the reason of the signal when it aborts
   */
  async resolve(hostname: string, lookup: LookupRequest): Promise<LookupAddress[]> {
    const known = this.#known(hostname)
    if (known) return known
    await this.#takeTurn(hostname, lookup)
    try {
      // An event of a signal that has aborted already does not come again.
      lookup.signal.throwIfAborted()
      return this.#known(hostname) ?? (await this.#ask(hostname, lookup.signal))
    } finally {
      this.#endTurn(lookup.party)
    }
  }

  #known(hostname: string): LookupAddress[] | undefined {
    if (isLoopbackHost(hostname)) return toLookup(['127.0.0.1', '::1'])
    const local = this.#hosts.addressesOf(hostname.toLowerCase())
    return local.length > 0 ? toLookup(local) : this.#cache.get(hostname)
  }

  async #takeTurn(hostname: string, { party, signal }: LookupRequest): Promise<void> {
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
        start() {
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
    next.start()
  }

  async #ask(hostname: string, signal: AbortSignal): Promise<LookupAddress[]> {
    const resolver = new Resolver({ timeout: Math.ceil(this.#timeoutMs / 3), tries: 2 })
    if (this.#servers) resolver.setServers(this.#servers)
    const stop = () => resolver.cancel()
    const timeout = setTimeout(stop, this.#timeoutMs)
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
      clearTimeout(timeout)
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
