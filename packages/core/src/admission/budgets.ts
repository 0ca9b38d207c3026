import { checkedOptions, counts } from '../schema/option-checks.ts'

/**
 * What one client address may do in a minute, and at once (S27). IPv6 is counted by /64, with 4 times as much for a /56 and 8
 * times for a /48; IPv4 by address, with 8 times as much for a /24.
 */
export const requestsPerMinute = {
  /** `GET /auth/{provider}`, `POST /auth/{provider}/nonce` and `…/link` */
  start: 60,
  /** `GET /auth/{provider}/callback` */
  callback: 60,
  /** `POST /auth/refresh`, `POST /auth/logout` and `…/logout_all` */
  refresh: 60,
  /** `POST /auth/token` and `POST /auth/{provider}/id_token` */
  redeem: 60,
  /** `POST /ws/ticket` */
  ticket: 120,
  /** Public keys, public statistics, unsubscribing by link */
  public: 300,
  /** Tokens and tickets that are not valid, on any route and upgrade */
  credentials: 90,
  /** Wrong admin keys */
  adminKey: 10,
} as const

export type BudgetName = keyof typeof requestsPerMinute

/**
 * What all clients of one process together may do in a minute; a sixth of it at once. The last half is kept for addresses
 * that signed in here before, so that a crowd of strangers cannot take it; no single /48 or /24 can take the first.
 */
export const requestsPerMinuteOfProcess = {
  start: 18_000,
  callback: 18_000,
  refresh: 6_000,
  redeem: 18_000,
  ticket: 24_000,
  public: 72_000,
  /** Tokens that were not seen before and are not valid, tickets likewise; those under way count until they are found good */
  credentials: 18_000,
  /** Wrong admin keys; beyond it they are answered with 429, and the right key still works. */
  adminKey: 2_400,
} as const satisfies Record<BudgetName, number>

/** What one user may spend on all routes, streams and sockets of a process together. */
export const userBudget = {
  /** Units at once. */
  capacity: 500,
  /** Units that come back in a second. */
  perSecond: 100,
} as const

/** What things cost of a user's budget, in units. */
export const costs = {
  /** A route that reads. */
  read: 1,
  /** A route that writes; a `read` message of a socket. */
  write: 5,
  /** A connection: a handshake, or a stream of events. */
  connection: 5,
  /** A `resume` or `sync` message, beside its notifications. */
  resume: 5,
  /** An `ack` message. */
  ack: 0.1,
  /** Each notification that a page or a sync may bring (its `limit`), and each that a resume brings. */
  notification: 0.04,
  /** Each KiB of a page of the inbox. */
  kibibyte: 0.25,
} as const

/** How long the body of a request may take to arrive. */
export const defaultBodyTimeoutMs = 10_000

/** `createFocus({ rateLimits })` with every default in place. */
export interface Budgets {
  /** False switches all of it off. */
  readonly enabled: boolean
  /** Clients on this machine go free: for development, where every client is one. */
  readonly exemptLoopback: boolean
  readonly perMinute: Readonly<Record<BudgetName, number>>
  readonly perProcess: Readonly<Record<BudgetName, number>>
  readonly perUser: { readonly capacity: number; readonly perSecond: number }
}

export interface BudgetOptions {
  readonly enabled: boolean
  readonly exemptLoopback: boolean
  readonly perMinute?: Partial<Record<BudgetName, number>> | undefined
  readonly perProcess?: Partial<Record<BudgetName, number>> | undefined
  readonly perUser?: { readonly capacity?: number; readonly perSecond?: number } | undefined
}

/** @throws FocusError `invalid_option` for a budget that does not exist or is not a positive whole number */
export function resolveBudgets(options: BudgetOptions): Budgets {
  return Object.freeze({
    enabled: options.enabled,
    exemptLoopback: options.exemptLoopback,
    perMinute: checked('rateLimits.perMinute', requestsPerMinute, options.perMinute),
    perProcess: checked('rateLimits.perProcess', requestsPerMinuteOfProcess, options.perProcess),
    perUser: checked('rateLimits.perUser', userBudget, options.perUser),
  })
}

function checked<Name extends string>(
  option: string,
  defaults: Readonly<Record<Name, number>>,
  given: Partial<Record<Name, number>> = {},
): Readonly<Record<Name, number>> {
  const set = Object.entries(checkedOptions(given, counts(defaults), option)).filter(([, value]) => value !== undefined)
  return Object.freeze({ ...defaults, ...Object.fromEntries(set) })
}
