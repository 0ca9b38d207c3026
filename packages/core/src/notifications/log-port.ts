import type { Kysely, Transaction } from 'kysely'
import type { UserKey } from '../common/user-id.ts'
import type { IdempotencyStore } from './policies/idempotency-port.ts'
import type {
  FirstSight,
  InboxRows,
  InboxSelection,
  ReadSelection,
  StateChange,
  StoredHead,
} from './inbox/inbox-port.ts'
import type { AppendOutcome, EntrySource, LogEntry } from './log-entry-port.ts'
import type { LoggedNotification, NotificationEvent, Receipt, StreamHead } from './ports.ts'

/** A notification that a caller's own transaction stored, to be sequenced after its commit. */
export interface PendingRow {
  /** UUIDv7: the id of the later notification. */
  readonly id: string
  /** The notification as JSON. */
  readonly request: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
}

/** A waiting row that is due. */
export interface WaitingRow {
  readonly source: EntrySource
  /** Number of failed attempts. */
  readonly attempts: number
  /** A request of a caller's transaction, or an entry that was checked before; null when the row cannot be read. */
  readonly content: { readonly request: PendingRow } | { readonly entry: LogEntry } | null
}

/** Parked rows: those that are retried later, and those that wait for an operator. */
export interface ParkedCounts {
  readonly retried: number
  readonly parked: number
}

export type CommitListener = (events: readonly NotificationEvent[]) => void

/**
 * Port: the durable streams. Every promise resolves after the commit. Offsets of a stream have no gaps and follow the order
 * of the commits.
 */
export interface NotificationLog {
  /** Names this history of the streams; positions of another epoch mean nothing. */
  readonly epoch: string
  /** Starts a new epoch after the database was restored to an earlier state; other nodes notice within seconds. */
  rotateEpoch(): Promise<string>
  /**
   * Applies the policies and writes the entry, in one transaction with other entries that wait.
   *
   * @throws FocusError `storage_unavailable`, `overloaded`, `closed`
   */
  append(entry: LogEntry): Promise<AppendOutcome>
  /**
   * Returns heads in the order of `userKeys`.
   *
   * @param since creation times of users that `firstSight` has not recorded yet, in milliseconds since 1970
   */
  heads(userKeys: readonly UserKey[], since?: ReadonlyMap<UserKey, number>): Promise<StoredHead[]>
  /**
   * Introduces users to the shared stream: they do not get broadcasts from before `since` (milliseconds since 1970), or from
   * before their stream started if it is unknown.
   */
  firstSight(users: readonly FirstSight[]): Promise<void>
  allHead(): Promise<StreamHead>
  /** Returns events with `after < offset <= upTo`, ascending, at most `limit`; `userKey` null is the shared stream. */
  read(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  inbox(userKey: UserKey, selection: InboxSelection): Promise<InboxRows>
  /** Returns the newest notifications of all streams, by the time of their call. */
  recent(limit: number): Promise<LoggedNotification[]>
  /** Returns null when the selection holds no unread notification. */
  markRead(userKey: UserKey, which: ReadSelection): Promise<StateChange | null>
  /** Returns null when the user has no such notification. */
  remove(userKey: UserKey, id: string): Promise<StateChange | null>
  /** Returns the statement that stores a pending row, for a caller's own transaction. */
  pendingInsert(row: PendingRow): { readonly sql: string; readonly parameters: readonly unknown[] }
  /** Runs `work` in a transaction of the caller's database; `leave` stores a pending row in it. */
  transaction<DB, T>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, leave: (row: PendingRow) => Promise<void>) => Promise<T>,
  ): Promise<T>
  /** Returns waiting rows that are due, at most `limit` of each table. */
  due(limit: number): Promise<WaitingRow[]>
  /** Returns when the next row is due, in milliseconds since 1970; null when none waits. The cost does not grow with the rows. */
  nextDue(): Promise<number | null>
  /**
   * Moves a waiting row that failed out of the way of the others.
   *
   * @param retryAt time of the next attempt, in milliseconds since 1970; null for none
   */
  park(source: EntrySource, reason: string, retryAt: number | null): Promise<void>
  parkedCounts(): Promise<ParkedCounts>
  /** Deletes a waiting row; returns false when it is gone already. */
  discard(source: EntrySource): Promise<boolean>
  readonly idempotency: IdempotencyStore
  /** Returns the receipt of the entry with this id, in whichever table it is; null when the log does not have it. */
  find(id: string): Promise<Receipt | null>
  /** Deletes rows that have expired, are too old or too many; runs periodically without a call. */
  upkeep(): Promise<void>
  /** Calls back with every event after its commit, in the order of the offsets of its stream. */
  onCommitted(listener: CommitListener): void
  /** Calls back after each new epoch, whichever node started it, within seconds. */
  onEpochChange(listener: () => void): void
  /** Calls back when another process committed to the database, where that can be noticed: on SQLite files. */
  onForeignCommit(listener: () => void): void
  /** Commits the accepted entries, then stops. The database stays open. */
  close(): Promise<void>
}
