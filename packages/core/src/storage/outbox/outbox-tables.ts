import type { Generated } from 'kysely'

/** The rows of deliveries elsewhere. Times are milliseconds since 1970. */
export interface OutboxTables {
  focus_outbox: OutboxTable
  focus_transport_states: TransportStatesTable
  focus_preferences: PreferencesTable
  focus_locales: LocalesTable
  focus_push_subscriptions: PushSubscriptionsTable
}

/** One row per event and transport, gone when it has arrived. */
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
  /** Counted when it is leased, so that a message that kills its worker is parked too. */
  attempts: Generated<number>
  /** When it may be leased: 0 at once, later after a failure, and the end of the lease while it is leased. */
  due_at: Generated<number>
  /** When `due_at` was computed. */
  touched_at: number
  /** The owner of the lease. */
  lease: string | null
  /** JSON: the addresses that were reached; where some refused, `{delivered, refused}`. */
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

/** What a person chose; `*` stands for every topic and for every transport. */
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
