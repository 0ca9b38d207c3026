import type { UserKey } from '../common/user-id.ts'

/** A later delivery of a notification that its user has not read. */
export interface Escalation {
  /** Counted from the commit: milliseconds, or a string such as `30s`, `5m`, `2h`, `1d`. */
  readonly after: number | string
  /** The delivery is cancelled if this is true by then. */
  readonly unless: 'read'
  /** Name of a transport. */
  readonly to: string
}

/** Selects the transports of a notification, beside the inbox and connections. */
export interface Routing {
  /** Names of transports; the topic's, or all configured ones, when absent. */
  readonly transports?: readonly string[]
  readonly escalate?: readonly Escalation[]
  /** Ignores the user's preferences and all policies: for security and legal notices. */
  readonly critical?: boolean
}

export interface DeliveryRequest extends Routing {
  /** Null for a broadcast. */
  readonly userKey: UserKey | null
  readonly event: string | null
}

/** A delivery that is committed together with its notification. Plain data: it is sent between threads and stored in tables. */
export interface PlannedDelivery {
  readonly transport: string
  /** Whether deliveries to one user keep their order. */
  readonly ordered: boolean
  /** Milliseconds from the commit; 0 for no delay. */
  readonly afterMs: number
  readonly unless: 'read' | null
  readonly critical: boolean
}

/** `suppressed`: the user muted the topic, so the notification is not stored either. */
export type DeliveryPlan =
  | 'suppressed'
  | {
      readonly deliveries: readonly PlannedDelivery[]
      /** The commit must check whether the user muted the topic: the routing had no other reason to read preferences. */
      readonly unlessMuted: boolean
    }

/** Port: decides before the commit which transports deliver a notification. */
export interface NotificationRouter {
  /**
   * Returns a promise only if it must read preferences.
   *
   * @throws FocusError `invalid_notification` for a transport that is not configured
   */
  route(request: DeliveryRequest): DeliveryPlan | Promise<DeliveryPlan>
}
