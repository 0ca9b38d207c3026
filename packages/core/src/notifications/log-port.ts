import type { Kysely, Transaction } from 'kysely'
import type { JsonValue } from '../common/json.ts'
import type { UserKey } from '../common/user-id.ts'
import type { PlannedDelivery, Routing } from './routing-port.ts'
import type { InboxItem, LoggedNotification, NotificationEvent, Receipt, StreamHead } from './ports.ts'

/** One accepted call on its way into a stream. Plain data: it crosses threads and waits in tables. */
export interface LogEntry {
  /** UUIDv7, made before the transaction. */
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
  /** When it stops being of interest; null for never. */
  readonly expiresAt: number | null
  /** When it enters the stream; null for now. */
  readonly deliverAt: number | null
  /** Null when nothing limits it. */
  readonly policies: EntryPolicies | null
  /** What else is committed with it. */
  readonly deliveries: readonly PlannedDelivery[]
  /** What decides on deliveries, for entries that wait: it is asked when they enter the stream. */
  readonly routing: Routing | null
  /** The row that waited for this moment, removed in the same transaction. */
  readonly source: EntrySource | null
  /** Whether it may be asked for again by its id: `find` then knows it also when it was merged into another. */
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
  /** Counted from the group's first notification. */
  readonly windowMs: number
  /** Texts of a merged notification; the newest one's own where absent. */
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

/** What became of one entry. */
export type AppendOutcome =
  | { readonly outcome: 'created' | 'merged'; readonly id: string; readonly offset: number }
  | { readonly outcome: 'scheduled' | 'deferred'; readonly dueAt: number }
  | { readonly outcome: 'suppressed'; readonly reason: 'duplicate' | 'rate' | 'expired' }
  /** Its source row was taken or cancelled by somebody else. */
  | { readonly outcome: 'gone' }

export type CommitListener = (events: readonly NotificationEvent[]) => void

/** Inbox state that a write changed. */
export interface StateChange {
  readonly ids: readonly string[]
  readonly unreadCount: number
  readonly stateRev: number
  /** Heads of the user's stream and of the shared one when it changed: later events are not concerned. */
  readonly offset: number
  readonly allOffset: number
}

/** Which notifications a reader has read. */
export type ReadSelection =
  | { readonly ids: readonly string[] }
  | { readonly upToOffset: number; readonly stream?: 'user' | 'all' }
  | { readonly all: true }

export interface InboxSelection {
  readonly limit: number
  /** Where the page before this one ended; null for the newest. */
  readonly before: InboxPosition | null
  readonly unreadOnly: boolean
  /** Only notifications of these topics; all when empty. */
  readonly events: readonly string[]
}

/** A position in the merged inbox: everything at or after it in both streams was already seen. */
export interface InboxPosition {
  readonly user: number
  readonly all: number
}

export interface InboxRows {
  readonly items: readonly InboxItem[]
  readonly next: InboxPosition | null
  readonly unreadCount: number
  /** Heads of the user's stream and of the shared one when the unread were counted. */
  readonly offset: number
  readonly allOffset: number
  /** Sum of both streams' revisions then, as the WebSocket tells it. */
  readonly stateRev: number
}

/** A head as the log holds it. */
export interface StoredHead extends StreamHead {
  /** True while the log does not know which broadcasts are older than this user. */
  readonly unseen: boolean
}

/** A user who reads for the first time. */
export interface FirstSight {
  readonly userKey: UserKey
  /** Since when there has been such a user, in milliseconds since 1970; null where unknown. */
  readonly since: number | null
}

/** Something that a caller's own transaction left to be sequenced. */
export interface PendingRow {
  /** UUIDv7: the id that the notification will have. */
  readonly id: string
  /** JSON of what is to be sent. */
  readonly request: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** Something whose time has come. */
export interface WaitingRow {
  readonly source: EntrySource
  /** How often it has failed. */
  readonly attempts: number
  /** What a caller's transaction left, or an entry that was checked before; null when the row cannot be read. */
  readonly content: { readonly request: PendingRow } | { readonly entry: LogEntry } | null
}

/** Port: what was answered to calls with an idempotency key. */
export interface IdempotencyStore {
  /** Keeps `record` under the key unless there is one, and returns the one that was there. */
  claim(key: string, record: IdempotencyRecord, expiresAt: number): Promise<IdempotencyRecord | null>
  read(key: string): Promise<IdempotencyRecord | null>
  /** Changes what is kept from `before` to `after`. False when it is no longer `before`. */
  replace(key: string, before: IdempotencyRecord, after: IdempotencyRecord): Promise<boolean>
  /** Forgets the key while `record` is what is kept. */
  release(key: string, record: IdempotencyRecord): Promise<void>
}

export interface IdempotencyRecord {
  /** Hash of what was asked: the same key with something else is a mistake. */
  readonly request: string
  /** What the ids are derived from, so that a call that is taken up again makes the same ones. */
  readonly seed: string
  /** Milliseconds since 1970: who has not answered by then has died. */
  readonly leaseUntil: number
  /** Null while the call is under way. */
  readonly answer: JsonValue
}

/**
 * Port: the durable streams. Everything that resolves is committed; offsets of a stream are gap-free and in the order of
 * the commits.
 */
export interface NotificationLog {
  /** Names this history of the streams; positions of another epoch mean nothing. */
  readonly epoch: string
  /** Begins a new epoch, after the database was restored to an earlier state; other nodes notice within seconds. */
  rotateEpoch(): Promise<string>
  /**
   * Applies the policies and writes the entry, in one transaction with whatever else is being written.
   *
   * @throws FocusError `storage_unavailable`
   */
  append(entry: LogEntry): Promise<AppendOutcome>
  heads(userKeys: readonly UserKey[]): Promise<StoredHead[]>
  /**
   * Makes users known to the shared stream: broadcasts from before `since` (milliseconds; where unknown, from before the
   * stream began) are not theirs.
   */
  firstSight(users: readonly FirstSight[]): Promise<void>
  allHead(): Promise<StreamHead>
  /** Events with `after < offset <= upTo`, ascending, at most `limit`; `userKey` null is the shared stream. */
  read(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  inbox(userKey: UserKey, selection: InboxSelection): Promise<InboxRows>
  /** The newest of all streams, by when they were first asked for. */
  recent(limit: number): Promise<LoggedNotification[]>
  /** Null when nothing was unread among the selection. */
  markRead(userKey: UserKey, which: ReadSelection): Promise<StateChange | null>
  /** Null when the user has no such notification. */
  remove(userKey: UserKey, id: string): Promise<StateChange | null>
  /** The statement that leaves something to be sequenced, for a caller's own transaction. */
  pendingInsert(row: PendingRow): { readonly sql: string; readonly parameters: readonly unknown[] }
  /** Runs `work` in a transaction of the caller's database, with a way to leave something there. */
  transaction<DB, T>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, leave: (row: PendingRow) => Promise<void>) => Promise<T>,
  ): Promise<T>
  /** What waits and is due, of each kind at most `limit`. */
  due(limit: number): Promise<WaitingRow[]>
  /** When something is due next, in milliseconds since 1970; null when nothing waits. Costs the same whatever waits. */
  nextDue(): Promise<number | null>
  /**
   * Puts a waiting row that failed out of the way of the others.
   *
   * @param retryAt when it is tried again, in milliseconds since 1970; null for never
   */
  park(source: EntrySource, reason: string, retryAt: number | null): Promise<void>
  /** How many are tried again later, and how many wait for an operator. */
  parkedCounts(): Promise<{ readonly retried: number; readonly parked: number }>
  /** Gives up what waits. True when it was still there. */
  discard(source: EntrySource): Promise<boolean>
  /** Keeps answers to calls that may be repeated. */
  readonly idempotency: IdempotencyStore
  /** What became of the entry with this id, wherever it is; null when it is not in the log. */
  find(id: string): Promise<Receipt | null>
  /** Removes what has expired or is too old or too much; happens by itself. */
  upkeep(): Promise<void>
  /** Told of every event after its commit, in the order of the offsets of its stream. */
  onCommitted(listener: CommitListener): void
  /** Told of each new epoch, whichever node began it, within seconds. */
  onEpochChange(listener: () => void): void
  /** Told when another process committed to the database, where that can be noticed: on SQLite files. */
  onForeignCommit(listener: () => void): void
  /** Finishes what was accepted, then stops. The database stays open. */
  close(): Promise<void>
}
