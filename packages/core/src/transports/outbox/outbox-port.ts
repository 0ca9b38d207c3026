import type { NotificationEvent } from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'

/** The notification of a row of the outbox. */
export type OutboxPayload = Omit<NotificationEvent, 'stream'> & { readonly critical: boolean }

/** The keys of addresses that earlier attempts settled. */
export interface Reached {
  /** Addresses that have the message. */
  readonly delivered: readonly string[]
  /** Addresses that will never accept it. */
  readonly refused: readonly string[]
}

/** A delivery that this node holds until its lease ends. */
export interface LeasedDelivery {
  readonly id: number
  /** Deliveries of one lane keep their order; null for no order. */
  readonly lane: string | null
  /** The number of attempts, including the one of this lease. */
  readonly attempts: number
  /** The condition that makes the delivery obsolete. */
  readonly unless: 'read' | null
  readonly reached: Reached
  readonly payload: OutboxPayload
}

export interface LeaseRequest {
  readonly transport: string
  /** Names the process. Another process can take a lease that ran out. */
  readonly owner: string
  readonly ordered: boolean
  readonly now: number
  readonly leaseMs: number
  readonly limit: number
  /**
   * Called once for each due delivery, oldest first. Returns whether it may be leased, or must leave the turn to other users. The key
   * is empty for a broadcast. Default: every delivery may.
   */
  readonly admit?: (userKey: string) => boolean
  /** Users whose deliveries are skipped. */
  readonly passOver?: readonly string[]
}

export interface LeaseResult {
  readonly deliveries: readonly LeasedDelivery[]
  /** Whether due deliveries may remain: they wait for an earlier one of their lane, or were skipped this time. */
  readonly blocked: boolean
}

/** The next attempt of a delivery, and the reason of its failure. */
export interface Reschedule {
  readonly id: number
  readonly dueAt: number
  readonly error: string
  readonly reached: Reached
}

/** A delivery that is given up, and the reason. */
export interface DeadDelivery {
  readonly id: number
  readonly reason: string
  readonly reached: Reached
}

/** `waiting` to be due, `leased` by a node that delivers it, or `dead` after its last attempt. */
export type DeliveryState = 'waiting' | 'leased' | 'dead'

/** A delivery as operators see it. */
export interface DeliveryInfo {
  readonly id: number
  readonly transport: string
  /** Null for a broadcast. */
  readonly userKey: UserKey | null
  readonly notificationId: string
  readonly offset: number
  readonly event: string | null
  readonly title: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly unless: 'read' | null
  readonly createdAt: number
  /** The time of the next attempt or the end of the lease, in milliseconds since 1970; null while it is due or dead. */
  readonly dueAt: number | null
  readonly deadAt: number | null
  readonly lastError: string | null
}

/** Selects deliveries; an absent field selects all. */
export interface DeliveryFilter {
  readonly state?: DeliveryState
  readonly transport?: string
  readonly userKey?: UserKey
  readonly ids?: readonly number[]
}

export interface DeliveryCount {
  readonly transport: string
  readonly state: DeliveryState
  readonly count: number
  /** When the oldest of them was committed, in milliseconds since 1970. */
  readonly oldest: number
}

/** Port: the table of deliveries. The log inserts the rows in the transaction of their notification. */
export interface OutboxStore {
  /** Leases due deliveries, oldest first. Two nodes never hold the same one. */
  lease(request: LeaseRequest): Promise<LeaseResult>
  /** Removes deliveries that have ended, except those that this owner no longer holds. */
  complete(owner: string, ids: readonly number[]): Promise<void>
  reschedule(owner: string, now: number, items: readonly Reschedule[]): Promise<void>
  /** Keeps deliveries that will not be tried again, for operators. */
  markDead(owner: string, now: number, items: readonly DeadDelivery[]): Promise<void>
  /** Extends leases. */
  prolong(owner: string, now: number, items: readonly { readonly id: number; readonly until: number }[]): Promise<void>
  /** Ends leases of deliveries that were not attempted. */
  release(owner: string, now: number, ids: readonly number[]): Promise<void>
  /** Returns the read state of those notifications that are still in an inbox. */
  readStates(notificationIds: readonly string[]): Promise<ReadonlyMap<string, 'read' | 'unread'>>
  /**
   * Finds the escalations of notifications that were merged later. The escalation of the latest event replaces them and becomes due at
   * once, so that the user is notified once, in time, with the latest text. Returns the ids of the replaced deliveries.
   */
  supersede(transport: string, now: number, deliveries: readonly LeasedDelivery[]): Promise<ReadonlySet<number>>
  /** Restores the length of waits after the clock went back. */
  rebase(now: number, toleranceMs: number): Promise<void>

  list(filter: DeliveryFilter, page: { now: number; limit: number; after: number | null }): Promise<DeliveryInfo[]>
  counts(now: number): Promise<DeliveryCount[]>
  /** Makes dead or waiting deliveries due now and resets their attempts. Returns how many. */
  retry(filter: DeliveryFilter, now: number): Promise<number>
  /** Removes up to `limit` deliveries that are not leased. Returns how many. */
  purge(filter: DeliveryFilter & { readonly deadBefore?: number }, now: number, limit: number): Promise<number>
}

/** A transport that its peer switched off. */
export interface DisabledTransport {
  readonly name: string
  readonly fingerprint: string
  readonly reason: string
  readonly disabledAt: number
}

/** Port: the transports that are switched off on every node. */
export interface TransportStateStore {
  disabled(): Promise<DisabledTransport[]>
  disable(transport: DisabledTransport): Promise<void>
  /** Resolves with false when the transport was on. */
  enable(name: string): Promise<boolean>
}
