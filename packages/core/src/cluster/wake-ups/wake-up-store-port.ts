import type { NotificationEvent } from '../../notifications/ports.ts'
import type { StreamMove } from './stream-moves-port.ts'

/** The kinds of rows that a node writes. Each has one writer at a time, so that its rows appear in the order of `seq`. */
export const lanes = {
  /** Streams that a batch moved: written by the committer in the transaction of the batch. */
  commits: 0,
  /** Messages as JSON. */
  messages: 1,
} as const

export type Lane = (typeof lanes)[keyof typeof lanes]

/** A position in the rows of one node and lane: a row, or the last one that was read. */
export interface WakeUpPosition {
  readonly node: number
  readonly lane: Lane
  readonly seq: number
}

/** One row. */
export interface StoredWakeUp extends WakeUpPosition {
  /** JSON: moves in the lane of commits, a `MessageRow` in that of messages. */
  readonly content: string
}

/** Where a batch leaves its wake-up: a row of the lane of commits. */
export interface BatchWakeUp {
  readonly node: number
  readonly seq: number
}

/** Port: the wake-ups of batches, of which one runs at a time. */
export interface BatchWakeUps {
  /** Returns the row by which a batch that starts now wakes the other nodes; null while it needs none. */
  next(): BatchWakeUp | null
  /** The batch has ended, whether it was committed or not. */
  ended(): void
}

/** For a log whose batches wake nobody. */
export const noWakeUps: BatchWakeUps = { next: () => null, ended: () => undefined }

/** Port: rows by which the nodes of one database wake each other. Failures are FocusErrors of the storage. */
export interface WakeUpStore {
  /** Returns the newest row of each node and lane. */
  newest(): Promise<WakeUpPosition[]>
  /**
   * Returns the next rows, in order within each lane: at most `limit` after each position, and at most `limit` of nodes above
   * `newestNode`. The rows of one node are of one moment.
   */
  read(after: readonly WakeUpPosition[], newestNode: number, limit: number): Promise<StoredWakeUp[]>
  /** Adds a row. Does nothing when it exists, so that an insert whose answer got lost can be repeated. */
  add(row: StoredWakeUp): Promise<void>
  /** Deletes the rows of a lane up to and including a position. */
  prune(upTo: WakeUpPosition): Promise<void>
  /** Deletes old rows of nodes that ended without pruning their own, and are not in the list any more. */
  pruneLeftovers(): Promise<void>
}

/** Port: reads events at exact positions. */
export interface EventReader {
  /** Returns the events that are still at these positions, in any order: merged ones have moved on, and old ones are deleted. */
  eventsAt(moves: readonly StreamMove[]): Promise<NotificationEvent[]>
}
