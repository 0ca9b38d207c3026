import { checkedOptions, counts } from '../schema/option-checks.ts'

/**
 * Requests that one client address may make in a minute; all of them may come at once (S27). IPv6 is counted by /64, with
 * 4 times as much for a /56 and 8 times for a /48; IPv4 by address, with 8 times as much for a /24.
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

/** Requests of one address that a process served: the budget, the address and their number. */
export type Spending = readonly [budget: string, address: string, count: number]

/**
 * Requests that all clients of one process together may make in a minute; a sixth of them may come at once. The last half
 * is reserved for addresses with an earlier sign-in, so that a crowd of strangers cannot take it. No single /48 or /24 can
 * use up the first half.
 */
export const requestsPerMinuteOfProcess = {
  start: 18_000,
  callback: 18_000,
  refresh: 6_000,
  redeem: 18_000,
  ticket: 24_000,
  public: 72_000,
  /** Invalid tokens and tickets that were not seen before; those being verified count until they are found good */
  credentials: 18_000,
  /** Wrong admin keys; further ones are answered with 429, and the right key still works */
  adminKey: 2_400,
} as const satisfies Record<BudgetName, number>

/** Units that one user may spend on all routes, streams and sockets of a process together. */
export const userBudget = {
  /** Units at once. */
  capacity: 500,
  /** Units that come back in a second. */
  perSecond: 100,
} as const

/** Costs in units of a user's budget. */
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
  /** Each notification that a page or a sync may return (its `limit`), and each that a resume returns. */
  notification: 0.04,
  /** Each KiB of a page of the inbox. */
  kibibyte: 0.25,
} as const

/** Time for the whole body of a request to arrive. */
export const defaultBodyTimeoutMs = 10_000

/** `createFocus({ rateLimits })` with every default filled in. */
export interface Budgets {
  /** False switches all budgets off. */
  readonly enabled: boolean
  /** Exempts clients on this machine, for development. */
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
