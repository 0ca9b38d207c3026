import type { IncomingMessage } from 'node:http'
import { LRUCache } from 'lru-cache'
import { networkOf } from '../client-address.ts'
import { FocusError } from '../errors.ts'
import type { Counters } from './counters.ts'
import { defaultUpgradesPerMinute, type RealtimeLimits } from './limits.ts'
import type { Registry } from './registry.ts'
import { TokenBucket } from './token-bucket.ts'

/** Between two sweeps a crowd of addresses may come; those seen least lately are then forgotten first. */
const maxNetworks = 50_000

export interface GateDeps {
  readonly enabled: boolean
  readonly limits: RealtimeLimits
  readonly registry: Registry
  readonly counters: Counters
  readonly now: () => number
  readonly draining: () => boolean
  readonly isOriginAllowed: (origin: string | undefined, request: IncomingMessage) => boolean
  readonly clientAddress: (request: IncomingMessage) => string | null
}

/** Decides, before a WebSocket exists, whether an upgrade may go on. */
export class Gate {
  readonly #deps: GateDeps
  readonly #upgrades = new LRUCache<string, TokenBucket>({ max: maxNetworks })

  constructor(deps: GateDeps) {
    this.#deps = deps
  }

  /** What speaks against the upgrade; null when nothing does. */
  refusal(request: IncomingMessage): FocusError | null {
    const refusal =
      this.#switchedOff() ??
      this.#leaving() ??
      this.#foreign(request) ??
      this.#tooMany(this.#deps.clientAddress(request))
    if (refusal) this.#deps.counters.upgradesRefused += 1
    return refusal
  }

  /** The same for a stream of Server-Sent Events, which the HTTP routes have already looked at. */
  streamRefusal(clientAddress: string | null): FocusError | null {
    const refusal = this.#leaving() ?? this.#tooMany(clientAddress)
    if (refusal) this.#deps.counters.upgradesRefused += 1
    return refusal
  }

  /** Forgets networks whose budget is full again. */
  forget(now: number): void {
    for (const [network, bucket] of this.#upgrades) if (bucket.full(now)) this.#upgrades.delete(network)
  }

  #switchedOff(): FocusError | null {
    if (this.#deps.enabled) return null
    return new FocusError('websocket_disabled', 'The WebSocket is switched off', {
      hint: 'Set WEBSOCKET_ENABLED=True and restart the server.',
    })
  }

  #leaving(): FocusError | null {
    if (!this.#deps.draining()) return null
    return new FocusError('draining', 'The server is shutting down', {
      hint: 'Connect again; another node or the restarted server answers.',
      retryAfterSeconds: 1,
    })
  }

  #foreign(request: IncomingMessage): FocusError | null {
    const { origin } = request.headers
    if (this.#deps.isOriginAllowed(origin, request)) return null
    return new FocusError('origin_not_allowed', `The origin ${origin ?? '(none)'} is not allowed`, {
      hint: 'Add it to FOCUS_ALLOWED_ORIGINS.',
    })
  }

  #tooMany(address: string | null): FocusError | null {
    const { limits, registry } = this.#deps
    if (registry.connections.length >= limits.connectionsPerNode) {
      return new FocusError('at_capacity', 'This node has as many connections as it may have', {
        hint: 'Raise the limit connectionsPerNode, or add a node.',
        retryAfterSeconds: 5,
      })
    }
    if (address === null || (limits.upgradesPerMinute === null && isLoopback(address))) return null
    const now = this.#deps.now()
    const network = networkOf(address)
    let bucket = this.#upgrades.get(network)
    if (!bucket) {
      bucket = new TokenBucket(limits.upgradesPerMinute ?? defaultUpgradesPerMinute, 60_000, now)
      this.#upgrades.set(network, bucket)
    }
    if (bucket.take(now)) return null
    return new FocusError('rate_limited', 'Too many connections from this address in a short time', {
      hint: 'Wait for Retry-After seconds.',
      retryAfterSeconds: Math.max(1, Math.ceil(bucket.waitMs(now) / 1_000)),
    })
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
