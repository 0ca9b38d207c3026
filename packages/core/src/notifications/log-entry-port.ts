import type { UserKey } from '../common/user-id.ts'
import type { PlannedDelivery, Routing } from './routing-port.ts'

/** An accepted notification on its way into a stream. Plain data: it is sent between threads and stored in tables. */
export interface LogEntry {
  /** UUIDv7, generated before the transaction. */
  readonly id: string
  /** Owner of the stream; null for the shared stream of broadcasts. */
  readonly userKey: UserKey | null
  readonly type: string
  readonly title: string
  readonly message: string
  readonly event: string | null
  /** The data as JSON text. */
  readonly data: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Milliseconds since 1970; null if it never expires. */
  readonly expiresAt: number | null
  /** When it enters the stream, in milliseconds since 1970; null for now. */
  readonly deliverAt: number | null
  /** Null when no policy applies. */
  readonly policies: EntryPolicies | null
  /** Deliveries by transports, committed together with the notification. */
  readonly deliveries: readonly PlannedDelivery[]
  /** Whether the commit suppresses it if its user muted the topic. False when the routing has checked that. */
  readonly unlessMuted?: boolean
  /** Input of the routing, kept for entries that wait: they are routed when they enter the stream. */
  readonly routing: Routing | null
  /** The waiting row of this entry, deleted in the same transaction. */
  readonly source: EntrySource | null
  /** Whether a repeated call may ask for it by its id: `find` then also knows it after a merge into another one. */
  readonly repeatable?: true
}

export type WaitingTable = 'pending' | 'scheduled' | 'deferred' | 'parked'

export type EntrySource = { readonly table: WaitingTable; readonly id: string }

/** The policies of one entry, resolved: keys are texts, times are milliseconds. */
export interface EntryPolicies {
  readonly dedupe: { readonly key: string; readonly windowMs: number } | null
  readonly group: EntryGroup | null
  readonly rate: EntryRate | null
}

export interface EntryGroup {
  readonly key: string
  /** Starts with the group's first notification. */
  readonly windowMs: number
  /** Texts of a merged notification; null for the texts of the newest one. */
  readonly merged: MergedTexts | null
}

/** ICU messages over `params` and `count`. */
export interface MergedTexts {
  readonly title: string | null
  readonly message: string | null
  readonly locale: string
  readonly params: Readonly<Record<string, string | number | boolean>>
}

export interface EntryRate {
  readonly key: string
  /** New notifications within any window of `windowMs`. */
  readonly limit: number
  readonly windowMs: number
  readonly overflow: 'drop' | 'group' | 'defer'
}

/** The result of appending one entry. */
export type AppendOutcome =
  | { readonly outcome: 'created' | 'merged'; readonly id: string; readonly offset: number }
  | { readonly outcome: 'scheduled' | 'deferred'; readonly dueAt: number }
  | { readonly outcome: 'suppressed'; readonly reason: 'duplicate' | 'rate' | 'preference' | 'expired' }
  /** Another node took or cancelled its waiting row. */
  | { readonly outcome: 'gone' }
