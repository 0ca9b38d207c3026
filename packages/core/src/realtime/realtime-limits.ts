import { checkedOptions, counts } from '../schema/option-checks.ts'

/** Limits for one connection, one user, one client address and one node. */
export interface RealtimeLimits {
  /** Largest message of a client; a larger one closes with 1009. */
  readonly maxMessageBytes: number
  /** Messages and pings of one connection per minute; above it an `error`, and 4013 if the client continues. */
  readonly actionsPerMinute: number
  /** Malformed messages in a row before 4501. */
  readonly malformedMessages: number
  /** Connections of one user on this node; one more closes with 4504. */
  readonly connectionsPerUser: number
  /** Connections of this node; one more is refused with 503. */
  readonly connectionsPerNode: number
  /** How long a connection may stay unauthenticated before 4502. */
  readonly authTimeoutMs: number
  /**
   * Upgrades of one client address per minute; above it 429 with `Retry-After`. The default exempts loopback, which may be a
   * proxy on this machine that `FOCUS_TRUSTED_PROXIES` does not name; a configured value applies to every address.
   */
  readonly upgradesPerMinute: number | null
  /**
   * Connections of one client address on this node; one more is refused with 429. The default exempts loopback, as that of
   * `upgradesPerMinute` does.
   */
  readonly connectionsPerAddress: number | null
  /**
   * Connections of this node that have not sent credentials yet; one more without credentials is refused with 503. One address
   * may have a tenth of them.
   */
  readonly unauthenticatedPerNode: number
  /** Topics that one connection may name. */
  readonly topicsPerConnection: number
  /** Notifications that a resume replays; if more were missed, the client gets a `gap` with `too_far`. */
  readonly replayRows: number
  /** Unsent bytes above which a connection is lagging: nothing more is written until the client has read them. */
  readonly lagBytes: number
  /** How long a connection may lag before 4008. */
  readonly lagTimeoutMs: number
  /** Interval of WebSocket pings. */
  readonly pingIntervalMs: number
  /** How long a client may send nothing after a ping before 4012. */
  readonly pongTimeoutMs: number
  /** Interval in which each local user's stream is compared with the log. */
  readonly healIntervalMs: number
  /** The same while the broker is unavailable. */
  readonly healIntervalBrokerAwayMs: number
  /** How long before the expiry of its token a client gets `auth_expiring`. */
  readonly expiryNoticeMs: number
  /** Lifetime of a ticket for a WebSocket. */
  readonly ticketTtlMs: number
  /** Lifetime of a ticket for the event stream and of the streams that it opens; never longer than its session. */
  readonly streamTicketTtlMs: number
  /** How long a closing handshake may take before the socket is destroyed. */
  readonly closeTimeoutMs: number
  /** How long a node stays subscribed to a user after the last connection closed. */
  readonly lingerMs: number
}

export const defaultLimits: RealtimeLimits = Object.freeze({
  maxMessageBytes: 16_384,
  actionsPerMinute: 120,
  malformedMessages: 10,
  connectionsPerUser: 100,
  connectionsPerNode: 50_000,
  authTimeoutMs: 10_000,
  upgradesPerMinute: null,
  connectionsPerAddress: null,
  unauthenticatedPerNode: 500,
  topicsPerConnection: 100,
  replayRows: 1_000,
  lagBytes: 65_536,
  lagTimeoutMs: 30_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 20_000,
  healIntervalMs: 5_000,
  healIntervalBrokerAwayMs: 1_000,
  expiryNoticeMs: 60_000,
  ticketTtlMs: 30_000,
  streamTicketTtlMs: 12 * 3_600_000,
  closeTimeoutMs: 5_000,
  lingerMs: 5_000,
})

/** Limits for addresses other than loopback when none is configured. */
export const addressDefaults = { upgradesPerMinute: 600, connectionsPerAddress: 1_000 } as const

/**
 * Returns the given limits, completed by the defaults.
 *
 * @throws FocusError `invalid_option` for a limit that is not a positive whole number, and for an unknown limit
 */
export function resolveLimits(overrides: Partial<RealtimeLimits> = {}): RealtimeLimits {
  const checked = checkedOptions(overrides, counts(defaultLimits), 'websocket.limits')
  const given = Object.fromEntries(Object.entries(checked).filter(([, value]) => value !== undefined))
  return Object.freeze({ ...defaultLimits, ...given })
}
