import type { IncomingMessage } from 'node:http'
import type { AdmissionControl } from '../../admission/admission-control.ts'
import { BucketTable } from '../../admission/bucket-table.ts'
import type { Client } from '../../admission/client.ts'
import { ConnectionCounts } from '../../admission/connection-counts.ts'
import { descriptorLimit } from '../../admission/descriptors.ts'
import { refusalError, refuse } from '../../admission/refusal.ts'
import { FocusError } from '../../common/errors.ts'
import type { RealtimeCounters } from '../monitoring/realtime-counters.ts'
import type { Credentials } from './credentials.ts'
import { addressDefaults, type RealtimeLimits } from '../realtime-limits.ts'
import type { ConnectionRegistry } from '../connections/connection-registry.ts'
import type { Authenticator } from './authenticator.ts'

export interface GateDeps {
  readonly enabled: boolean
  readonly limits: RealtimeLimits
  readonly registry: ConnectionRegistry
  readonly counters: RealtimeCounters
  readonly now: () => number
  readonly draining: () => boolean
  readonly isOriginAllowed: (origin: string | undefined, request: IncomingMessage) => boolean
  readonly control: AdmissionControl
  readonly trials: Authenticator
}

/** Decides, before a connection exists, whether it may: from the cheapest question to the one that costs most. */
export class Gate {
  readonly #deps: GateDeps
  readonly #upgrades: BucketTable
  readonly #counts = new ConnectionCounts()
  readonly #maxConnections: number

  constructor(deps: GateDeps) {
    this.#deps = deps
    this.#maxConnections = maxConnections(deps.limits)
    this.#upgrades = new BucketTable(deps.limits.upgradesPerMinute ?? addressDefaults.upgradesPerMinute, 60_000)
  }

  /** What speaks against the upgrade; null when nothing does. */
  refusal(request: IncomingMessage, client: Client): FocusError | null {
    return this.#counted(
      this.#switchedOff() ?? this.#leaving() ?? this.#foreign(request) ?? this.#full() ?? this.#tooMany(client),
    )
  }

  /** The same for what the client shows of itself, which is not looked at before. */
  credentialsRefusal(credentials: Credentials | null, client: Client): FocusError | null {
    const refusal = credentials === null ? this.#tooManyWaiting(client) : this.#deps.trials.refusal(credentials, client)
    return this.#counted(refusal)
  }

  /** The same for a stream of Server-Sent Events, which the HTTP routes have already looked at. */
  streamRefusal(client: Client): FocusError | null {
    return this.#counted(this.#leaving() ?? this.#full() ?? this.#tooMany(client))
  }

  /** Counts a connection of an address, until it leaves. */
  join(client: Client): void {
    if (!this.#isExempt(client, this.#deps.limits.connectionsPerAddress)) this.#counts.join(client)
  }

  leave(client: Client): void {
    if (!this.#isExempt(client, this.#deps.limits.connectionsPerAddress)) this.#counts.leave(client)
  }

  #counted(refusal: FocusError | null): FocusError | null {
    if (refusal === null) return null
    this.#deps.counters.upgradesRefused += 1
    return refusal
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

  #full(): FocusError | null {
    const { registry, control } = this.#deps
    if (registry.connections.length < this.#maxConnections) return null
    control.count('connection', 'at_capacity')
    return new FocusError('at_capacity', 'This node has as many connections as it may have', {
      hint: 'Raise the limit connectionsPerNode, or add a node.',
      retryAfterSeconds: 5,
    })
  }

  /** The last half is kept for addresses that somebody signed in from. */
  #tooManyWaiting(client: Client): FocusError | null {
    const { limits, registry, control } = this.#deps
    const allowed = control.isKnown(client) || control.isExempt(client) ? 1 : 0.5
    const isFull = registry.waiting >= Math.max(1, limits.unauthenticatedPerNode * allowed)
    if (!isFull && !this.#hasTooManyWaiting(client)) return null
    control.count('connection', 'unauthenticated')
    return new FocusError('at_capacity', 'Too many connections have not said yet who they are', {
      hint: 'Send the token with the upgrade, or try again.',
      retryAfterSeconds: 5,
    })
  }

  #hasTooManyWaiting(client: Client): boolean {
    const { limits, registry, control } = this.#deps
    const limit = Math.max(1, limits.unauthenticatedPerNode / 10)
    return !control.isExempt(client) && registry.waitingByNetwork.isFull(client, limit)
  }

  #tooMany(client: Client): FocusError | null {
    const { limits, control } = this.#deps
    const { connectionsPerAddress, upgradesPerMinute } = limits
    if (
      !this.#isExempt(client, connectionsPerAddress) &&
      this.#counts.isFull(client, connectionsPerAddress ?? addressDefaults.connectionsPerAddress)
    ) {
      control.count('connection', 'connections')
      return refusalError(refuse('connections', 5_000))
    }
    if (this.#isExempt(client, upgradesPerMinute)) return null
    const now = this.#deps.now()
    for (const { name, share } of client.networks) {
      const waitMs = this.#upgrades.waitMs(name, share, now)
      if (waitMs === 0) continue
      control.count('connection', 'address')
      return refusalError(refuse('address', waitMs))
    }
    for (const { name, share } of client.networks) this.#upgrades.spend(name, share, now)
    return null
  }

  /** A limit that somebody set counts for every address. */
  #isExempt(client: Client, setting: number | null): boolean {
    return setting === null && (client.isLoopback || this.#deps.control.isExempt(client))
  }
}

/** What is left of the process's descriptors is for files, the database and plain requests. */
const shareOfDescriptors = 0.8

function maxConnections({ connectionsPerNode }: RealtimeLimits): number {
  return Math.min(connectionsPerNode, Math.floor(descriptorLimit() * shareOfDescriptors))
}
