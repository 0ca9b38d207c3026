import type { UserKey } from '../user-id.ts'
import type { InboxItem, NotificationEvent, StreamHead } from './types.ts'

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
  /** The row that waited for this moment, removed in the same transaction. */
  readonly source: EntrySource | null
}

export type EntrySource = { readonly table: 'pending' | 'scheduled'; readonly id: string }

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
  | { readonly outcome: 'suppressed'; readonly reason: 'duplicate' | 'rate' }
  /** Its source row was taken or cancelled by somebody else. */
  | { readonly outcome: 'gone' }

export type CommitListener = (events: readonly NotificationEvent[]) => void

/** Inbox state that a write changed. */
export interface StateChange {
  readonly ids: readonly string[]
  readonly unreadCount: number
  readonly stateRev: number
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
}

/** A head as the log holds it. */
export interface StoredHead extends StreamHead {
  /** True while the log does not know which broadcasts are older than this user. */
  readonly unseen: boolean
}

/**
 * Port: the durable streams. Everything that resolves is committed; offsets of a stream are gap-free and in the order of
 * the commits.
 */
export interface NotificationLog {
  readonly epoch: string
  /**
   * Applies the policies and writes the entry, in one transaction with whatever else is being written.
   *
   * @throws FocusError `storage_unavailable`
   */
  append(entry: LogEntry): Promise<AppendOutcome>
  heads(userKeys: readonly UserKey[]): Promise<StoredHead[]>
  /**
   * Makes the user known to the shared stream: broadcasts from before `since` (milliseconds; where unknown, from before the
   * stream began) are not theirs.
   */
  firstSight(userKey: UserKey, since: number | null): Promise<void>
  allHead(): Promise<StreamHead>
  /** Events with `after < offset <= upTo`, ascending, at most `limit`; `userKey` null is the shared stream. */
  read(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]>
  inbox(userKey: UserKey, selection: InboxSelection): Promise<InboxRows>
  /** Null when nothing was unread among the selection. */
  markRead(userKey: UserKey, which: ReadSelection): Promise<StateChange | null>
  /** Null when the user has no such notification. */
  remove(userKey: UserKey, id: string): Promise<StateChange | null>
  /** Told of every event after its commit, in the order of the offsets of its stream. */
  onCommitted(listener: CommitListener): void
  /** Finishes what was accepted, then stops. The database stays open. */
  close(): Promise<void>
}
