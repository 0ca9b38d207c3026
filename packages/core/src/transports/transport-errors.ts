import { boundedWaitMs } from './outbox/worker/backoff.ts'

/**
 * The kinds of failures that the metrics count:
 *
 * - `rate_limited`: the peer asked for a pause; `unavailable`: it cannot accept messages at the moment
 * - `timeout`: no answer in time; `unreachable`: no connection; `unresolved`: the host name has no address
 * - `not_allowed`: the address must not be called; `gone`: it does not exist any more; `refused`: the peer refused the message
 * - `account`: the peer refused the sender: authentication, quota or policy
 * - `uncertain`: the peer may have accepted the message; `attempts`: it was the last attempt; `other`: every other failure
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
 * Thrown by a transport for a message that no attempt will deliver, such as a refused payload or an address that does not exist any
 * more. The delivery is dead, with the message of the error as its reason.
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
  /** Whether the peer will accept no message at all. The transport is then off until an operator switches it on. */
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
 * Thrown by a transport that sent a message and got no answer, when the peer does not detect copies. The message may have arrived, so
 * Focus does not try again: the delivery is dead with the reason, and an operator decides.
 */
export class UncertainDeliveryError extends Error {
  override readonly name = 'UncertainDeliveryError'

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
  }
}

/** How a delivery that failed is tried again. */
export interface RetryOptions {
  /** The wait that the peer asked for, such as `Retry-After`, in milliseconds. No attempt starts earlier; at most a day counts. */
  readonly retryAfterMs?: number
  /**
   * Whether every delivery of the transport waits for `retryAfterMs`, because the peer is busy. Use it only for a peer that the
   * operator chose, such as a gateway: the address of one user must never make others wait.
   */
  readonly pause?: boolean
  /** Keys of addresses that have the message, in any form. The next attempt finds them in `delivered`. */
  readonly delivered?: readonly string[]
  /** Keys of addresses that will never accept the message, in any form. The next attempt finds them in `refused`. */
  readonly refused?: readonly string[]
  /** Default: `other`. */
  readonly category?: FailureCategory
  readonly cause?: unknown
}

/**
 * Thrown by a transport for a delivery that may succeed later. Any other error counts as this one; throw it to set the wait or to
 * report which addresses have the message.
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
  /** At most a day. */
  readonly retryAfterMs: number | null
  readonly pause: boolean
  readonly delivered: readonly string[]
  readonly refused: readonly string[]
  readonly category: FailureCategory

  constructor(message: string, options: RetryOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs === undefined ? null : boundedWaitMs(options.retryAfterMs)
    this.pause = options.pause ?? false
    this.delivered = options.delivered ?? []
    this.refused = options.refused ?? []
    this.category = options.category ?? (options.pause === true ? 'rate_limited' : 'other')
  }
}
