/**
 * Kinds of failures, few and fixed, as the metrics count them:
 *
 * - `rate_limited`: the peer asked for a pause; `unavailable`: it answered that it cannot now
 * - `timeout`: no answer in time; `unreachable`: no connection; `unresolved`: no address for its name
 * - `not_allowed`: an address that must not be called; `gone`: one that exists no more; `refused`: the peer refused the message
 * - `account`: the peer refused the sender: authentication, quota or policy
 * - `uncertain`: the peer may have taken the message; `attempts`: it was the last attempt; `other`: anything else
 */
export type FailureCategory =
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'unreachable'
  | 'unresolved'
  | 'not_allowed'
  | 'gone'
  | 'refused'
  | 'account'
  | 'uncertain'
  | 'attempts'
  | 'other'

/**
 * Thrown by a transport for a message that will never arrive, however often it is tried: a refused payload, an address that is
 * gone. The delivery is parked as dead with the message as its reason.
 *
 * @example
 * ```ts
 * import { PermanentDeliveryError } from '@focus-api/core/transports'
 *
 * if (response.status === 400) throw new PermanentDeliveryError('The SMS gateway refused the number.')
 * ```
 */
export class PermanentDeliveryError extends Error {
  override readonly name = 'PermanentDeliveryError'
  /** Whether nothing more will arrive there at all: the transport is switched off until an operator switches it on. */
  readonly disable: boolean
  readonly category: FailureCategory

  constructor(
    message: string,
    options: { readonly disable?: boolean; readonly category?: FailureCategory; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.disable = options.disable ?? false
    this.category = options.category ?? 'refused'
  }
}

/**
 * Thrown by a transport that handed a message over and got no answer, where the peer cannot tell a second copy from the first:
 * the message may have arrived. The delivery is not tried again by itself. It is parked as dead with the reason, and an operator
 * decides.
 */
export class UncertainDeliveryError extends Error {
  override readonly name = 'UncertainDeliveryError'

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
  }
}

/** How a delivery that failed is tried again. */
export interface RetryOptions {
  /** The wait that the peer asked for, such as `Retry-After`, in milliseconds. Never tried earlier; at most a day counts. */
  readonly retryAfterMs?: number
  /**
   * Whether the peer is busy as a whole: every delivery of the transport then waits for `retryAfterMs`. Only for a peer that the
   * operator chose, such as a gateway: a user's own address must never make others wait.
   */
  readonly pause?: boolean
  /** Addresses that were reached before the failure, in any form; the next attempt finds them in `delivered`. */
  readonly delivered?: readonly string[]
  /** Addresses that will never take the message, in any form; the next attempt finds them in `refused`. */
  readonly refused?: readonly string[]
  /** `other` when absent. */
  readonly category?: FailureCategory
  readonly cause?: unknown
}

/**
 * Thrown by a transport for a delivery that may succeed later. Any other error counts as this one; throw it to say when to
 * come back.
 *
 * @example
 * ```ts
 * import { RetryableDeliveryError } from '@focus-api/core/transports'
 *
 * throw new RetryableDeliveryError('The SMS gateway is busy.', { retryAfterMs: 30_000, pause: true })
 * ```
 */
export class RetryableDeliveryError extends Error {
  override readonly name = 'RetryableDeliveryError'
  readonly retryAfterMs: number | null
  readonly pause: boolean
  readonly delivered: readonly string[]
  readonly refused: readonly string[]
  readonly category: FailureCategory

  constructor(message: string, options: RetryOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs ?? null
    this.pause = options.pause ?? false
    this.delivered = options.delivered ?? []
    this.refused = options.refused ?? []
    this.category = options.category ?? (options.pause === true ? 'rate_limited' : 'other')
  }
}
