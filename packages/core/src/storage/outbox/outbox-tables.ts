import type { Generated } from 'kysely'

/** The rows of deliveries, transports and preferences. Times are milliseconds since 1970. */
export interface OutboxTables {
  focus_outbox: OutboxTable
  focus_transport_states: TransportStatesTable
  focus_preferences: PreferencesTable
  focus_locales: LocalesTable
  focus_push_subscriptions: PushSubscriptionsTable
}

/** One row per event and transport, deleted after the delivery. */
export interface OutboxTable {
  id: Generated<number>
  transport: string
  /** Rows of one lane are delivered in the order of their ids. */
  lane: string | null
  /** Empty for a broadcast. */
  user_key: string
  notification_id: string
  offset: number
  /** JSON of an `OutboxPayload`. */
  payload: string
  cancel_if: 'read' | null
  /** Counted by the lease, so that a message that kills its worker becomes dead too. */
  attempts: Generated<number>
  /** When the row may be leased: 0 for immediately, later after a failure; while it is leased, the end of the lease. */
  due_at: Generated<number>
  /** When `due_at` was computed. */
  touched_at: number
  /** The owner of the lease. */
  lease: string | null
  /** JSON: the addresses that were reached; `{delivered, refused}` when some refused. */
  delivered: string | null
  last_error: string | null
  dead_at: number | null
  created_at: number
}

export interface TransportStatesTable {
  name: string
  fingerprint: string
  reason: string
  disabled_at: number
}

/** The choices of a user; `*` stands for every topic and for every transport. */
export interface PreferencesTable {
  user_key: string
  event: string
  transport: string
  enabled: number
}

export interface LocalesTable {
  user_key: string
  locale: string
}

export interface PushSubscriptionsTable {
  endpoint_hash: string
  user_key: string
  endpoint: string
  p256dh: string
  auth: string
  expires_at: number | null
  created_at: number
}
