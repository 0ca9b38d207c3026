import type { UserKey } from '../common/user-id.ts'

/** What happens when a person did not see a notification in time. */
export interface Escalation {
  /** Counted from the commit: milliseconds, or a text such as `30s`, `5m`, `2h`, `1d`. */
  readonly after: number | string
  /** Nothing is sent when this came true meanwhile. */
  readonly unless: 'read'
  /** Name of a transport. */
  readonly to: string
}

/** Where a notification goes beside the inbox and the sockets. */
export interface Routing {
  /** Names of transports; those of the topic, or all that are configured, when absent. */
  readonly transports?: readonly string[]
  readonly escalate?: readonly Escalation[]
  /** Reaches the person whatever their preferences say: security notices, legal ones. */
  readonly critical?: boolean
}

export interface DeliveryRequest extends Routing {
  /** Null for a broadcast. */
  readonly userKey: UserKey | null
  readonly event: string | null
}

/** One further delivery that is committed together with its notification. Plain data: it crosses threads and waits in tables. */
export interface PlannedDelivery {
  readonly transport: string
  /** Whether deliveries to this person keep their order. */
  readonly ordered: boolean
  /** Milliseconds from the commit; 0 for at once. */
  readonly afterMs: number
  readonly unless: 'read' | null
  readonly critical: boolean
}

/** `suppressed`: the person switched this topic off, and it is not to be kept either. */
export type DeliveryPlan = 'suppressed' | readonly PlannedDelivery[]

/** Port: decides, before the commit, what else an accepted notification goes to. */
export interface NotificationRouter {
  /** @throws FocusError `invalid_notification` for a transport that is not configured */
  route(request: DeliveryRequest): Promise<DeliveryPlan>
}
