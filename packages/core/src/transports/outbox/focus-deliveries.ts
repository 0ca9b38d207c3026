import type { DeliveryOutcome } from './delivery-counters.ts'
import type { DeliveryFilter, DeliveryInfo } from './outbox-port.ts'

/** One transport as operators see it. */
export interface TransportInfo {
  readonly name: string
  /** False for a transport that is not configured any more and still has rows in the outbox. */
  readonly configured: boolean
  /** Why the peer switched it off; null while it is on. */
  readonly disabledReason: string | null
  /** When the peer switched it off, in milliseconds since 1970; null while it is on. */
  readonly disabledAt: number | null
  readonly waiting: number
  readonly leased: number
  readonly dead: number
  /** When the oldest waiting delivery was committed, in milliseconds since 1970; null when none waits. */
  readonly oldestWaiting: number | null
  /** Counts of this process since its start. */
  readonly outcomes: Readonly<Record<DeliveryOutcome, number>>
}

/** Selects a page of deliveries. */
export interface DeliveryQuery extends DeliveryFilter {
  /** 1 to 500; 50 when absent. */
  readonly limit?: number
  /** `nextAfter` of the previous page. */
  readonly after?: number
}

/** One page of deliveries. */
export interface DeliveryPage {
  /** Newest first. */
  readonly deliveries: readonly DeliveryInfo[]
  /** Null at the end. */
  readonly nextAfter: number | null
}

/**
 * The outbox as operators use it: `focus.deliveries`.
 *
 * @example
 * ```ts
 * const { deliveries } = await focus.deliveries.list({ transport: 'email', state: 'dead' })
 * await focus.deliveries.retry({ transport: 'email' })
 * ```
 */
export interface Deliveries {
  /** Lists one page of deliveries, newest first. */
  list(query?: DeliveryQuery): Promise<DeliveryPage>
  /** Lists the transports with the counts of their deliveries. */
  transports(): Promise<TransportInfo[]>
  /**
   * Makes dead deliveries due now, or those that `state` or `ids` name.
   *
   * @returns how many
   */
  retry(filter: DeliveryFilter): Promise<number>
  /**
   * Removes dead deliveries, or those that `state` or `ids` name, except those that are being delivered.
   *
   * @param filter `deadBefore` is a time in milliseconds since 1970
   * @returns how many
   */
  purge(filter: DeliveryFilter & { readonly deadBefore?: number }): Promise<number>
  /**
   * Switches on a transport that its peer switched off.
   *
   * @throws FocusError `not_found` when no transport has this name
   */
  enable(name: string): Promise<void>
}
