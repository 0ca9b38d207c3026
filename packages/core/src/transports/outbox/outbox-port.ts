import type { NotificationEvent } from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'

/** What a row of the outbox carries. */
export type OutboxPayload = Omit<NotificationEvent, 'stream'> & { readonly critical: boolean }

/** What earlier attempts did with the addresses of a delivery. */
export interface Reached {
  /** They have it. */
  readonly delivered: readonly string[]
  /** They will never take it. */
  readonly refused: readonly string[]
}

/** A delivery that this node holds for a while. */
export interface LeasedDelivery {
  readonly id: number
  /** Deliveries of one lane keep their order; null for none. */
  readonly lane: string | null
  /** Including the one it is leased for. */
  readonly attempts: number
  /** The condition under which it is no longer wanted. */
  readonly unless: 'read' | null
  readonly reached: Reached
  readonly payload: OutboxPayload
}

export interface LeaseRequest {
  readonly transport: string
  /** Names the process; a lease that ran out can be taken by another. */
  readonly owner: string
  readonly ordered: boolean
  readonly now: number
  readonly leaseMs: number
  readonly limit: number
  /**
   * Asked once for each due delivery, oldest first: whether it may be leased, or has to leave the turn to other users. The key is
   * empty for broadcasts. Everything may when absent.
   */
  readonly admit?: (userKey: string) => boolean
  /** Users whose deliveries are not even looked at. */
  readonly passOver?: readonly string[]
}

export interface LeaseResult {
  readonly deliveries: readonly LeasedDelivery[]
  /** Whether some may be due that were not leased: they wait for an earlier one of their lane, or were not looked for this time. */
  readonly blocked: boolean
}

/** When a delivery is tried again, and why it failed. */
export interface Reschedule {
  readonly id: number
  readonly dueAt: number
  readonly error: string
  readonly reached: Reached
}

/** Why a delivery is given up, and what it reached before. */
export interface DeadDelivery {
  readonly id: number
  readonly reason: string
  readonly reached: Reached
}

/** `waiting` to be due, `leased` by a node that delivers it, or `dead` after its last attempt. */
export type DeliveryState = 'waiting' | 'leased' | 'dead'

/** A delivery as an operator sees it. */
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
  /** When it is tried next, or its lease ends; null while it is due or dead. */
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
  /** When the oldest of them was committed. */
  readonly oldest: number
}

/** Port: the table of deliveries. Rows are inserted by the log, in the transaction of their notification. */
export interface OutboxStore {
  /** Takes due deliveries, oldest first. Two nodes never hold the same one. */
  lease(request: LeaseRequest): Promise<LeaseResult>
  /** Removes what arrived or is no longer wanted; what this owner no longer holds stays. */
  complete(owner: string, ids: readonly number[]): Promise<void>
  reschedule(owner: string, now: number, items: readonly Reschedule[]): Promise<void>
  /** Parks one that will never arrive. */
  markDead(owner: string, now: number, items: readonly DeadDelivery[]): Promise<void>
  /** Holds deliveries until a later moment than they were leased for. */
  prolong(owner: string, now: number, items: readonly { readonly id: number; readonly until: number }[]): Promise<void>
  /** Gives back what was not tried. */
  release(owner: string, now: number, ids: readonly number[]): Promise<void>
  /** Of the notifications, those that are still in an inbox, and whether they were read. */
  readStates(notificationIds: readonly string[]): Promise<ReadonlyMap<string, 'read' | 'unread'>>
  /**
   * Of escalations of notifications that were merged since, those that a later event's escalation replaces; that one becomes due
   * at once, so that the person hears once, in time, and of everything. Returns the ids that are replaced.
   */
  supersede(transport: string, now: number, deliveries: readonly LeasedDelivery[]): Promise<ReadonlySet<number>>
  /** Keeps the length of waits when the clock went back. */
  rebase(now: number, toleranceMs: number): Promise<void>

  list(filter: DeliveryFilter, page: { now: number; limit: number; after: number | null }): Promise<DeliveryInfo[]>
  counts(now: number): Promise<DeliveryCount[]>
  /** Makes dead or waiting ones due at once, as if never tried. Returns how many. */
  retry(filter: DeliveryFilter, now: number): Promise<number>
  /** Removes up to `limit` that nobody is delivering. Returns how many. */
  purge(filter: DeliveryFilter & { readonly deadBefore?: number }, now: number, limit: number): Promise<number>
}

/** A transport that a peer switched off. */
export interface DisabledTransport {
  readonly name: string
  readonly fingerprint: string
  readonly reason: string
  readonly disabledAt: number
}

/** Port: which transports are switched off, on every node. */
export interface TransportStateStore {
  disabled(): Promise<DisabledTransport[]>
  disable(transport: DisabledTransport): Promise<void>
  /** False when it was on. */
  enable(name: string): Promise<boolean>
}
