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

  constructor(message: string, options: { readonly disable?: boolean; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.disable = options.disable ?? false
  }
}

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

  constructor(message: string, options: RetryOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.retryAfterMs = options.retryAfterMs ?? null
    this.pause = options.pause ?? false
    this.delivered = options.delivered ?? []
  }
}
