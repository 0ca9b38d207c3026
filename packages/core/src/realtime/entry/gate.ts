import type { IncomingMessage } from 'node:http'
import type { Client } from '../../admission/client.ts'
import { descriptorLimit } from '../../admission/descriptors.ts'
import { FocusError } from '../../common/errors.ts'
import type { HubState } from '../hub-state.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import type { Authenticator } from './authenticator.ts'
import type { Credentials } from './credentials.ts'

/** Decides whether a connection may be opened. The cheapest checks come first. */
export class Gate {
  readonly #state: HubState
  readonly #authenticator: Authenticator
  readonly #maxConnections: number

  constructor(state: HubState, authenticator: Authenticator) {
    this.#state = state
    this.#authenticator = authenticator
    this.#maxConnections = maxConnections(state.limits)
  }

  /** Returns the error that refuses an upgrade; null when it is allowed. */
  refusal(request: IncomingMessage, client: Client): FocusError | null {
    return this.#counted(
      this.#switchedOff() ?? this.#draining() ?? this.#foreignOrigin(request) ?? this.#full() ?? this.#address(client),
    )
  }

  /** The same for the credentials of an upgrade that `refusal` let through. */
  credentialsRefusal(credentials: Credentials | null, client: Client): FocusError | null {
    const refusal =
      credentials === null ? this.#tooManyWithoutCredentials(client) : this.#authenticator.refusal(credentials, client)
    return this.#counted(refusal)
  }

  /** The same for an event stream, whose origin and credentials the HTTP routes have checked. */
  eventStreamRefusal(client: Client): FocusError | null {
    return this.#counted(this.#draining() ?? this.#full() ?? this.#address(client))
  }

  #counted(refusal: FocusError | null): FocusError | null {
    if (refusal === null) return null
    this.#state.counters.upgradesRefused += 1
    const { debug } = this.#state
    if (debug.enabled) debug('connection refused', { code: refusal.code, reason: refusal.message })
    return refusal
  }

  #switchedOff(): FocusError | null {
    if (this.#state.config.enabled) return null
    return new FocusError('websocket_disabled', 'The WebSocket is switched off.', {
      hint: 'Set WEBSOCKET_ENABLED=True and restart the server.',
    })
  }

  #draining(): FocusError | null {
    if (!this.#state.draining) return null
    return new FocusError('draining', 'The server is shutting down.', {
      hint: 'Connect again; another node or the restarted server answers.',
      retryAfterSeconds: 1,
    })
  }

  #foreignOrigin(request: IncomingMessage): FocusError | null {
    const { origin } = request.headers
    if (this.#state.config.isOriginAllowed(origin, request)) return null
    return new FocusError('origin_not_allowed', `The origin ${origin ?? '(none)'} is not allowed.`, {
      hint: 'Add it to FOCUS_ALLOWED_ORIGINS.',
    })
  }

  #full(): FocusError | null {
    const { registry, control } = this.#state
    if (registry.connections.length < this.#maxConnections) return null
    control.count('connection', 'at_capacity')
    return new FocusError('at_capacity', 'This node has reached its connection limit.', {
      hint: 'Raise the limit connectionsPerNode, or add a node.',
      retryAfterSeconds: 5,
    })
  }

  #address(client: Client): FocusError | null {
    return this.#state.addresses.refusal(client, this.#state.now())
  }

  /** Reserves half of the places for addresses from which a user has signed in. */
  #tooManyWithoutCredentials(client: Client): FocusError | null {
    const { limits, registry, control } = this.#state
    const share = control.isKnown(client) || control.isExempt(client) ? 1 : 0.5
    const isFull = registry.withoutCredentials >= Math.max(1, limits.unauthenticatedPerNode * share)
    if (!isFull && !this.#networkHasTooMany(client)) return null
    control.count('connection', 'unauthenticated')
    return new FocusError('at_capacity', 'Too many connections have not sent credentials yet.', {
      hint: 'Send the token with the upgrade, or try again.',
      retryAfterSeconds: 5,
    })
  }

  #networkHasTooMany(client: Client): boolean {
    const { limits, registry, control } = this.#state
    const limit = Math.max(1, limits.unauthenticatedPerNode / 10)
    return !control.isExempt(client) && registry.withoutCredentialsByNetwork.isFull(client, limit)
  }
}

/** Share of the process's descriptors for connections; the rest is for files, the database and plain requests. */
const shareOfDescriptors = 0.8

function maxConnections({ connectionsPerNode }: RealtimeLimits): number {
  return Math.min(connectionsPerNode, Math.floor(descriptorLimit() * shareOfDescriptors))
}
