import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { BatchWakeUp } from '../../../cluster/wake-ups/wake-up-store-port.ts'
import type { BatchSession } from '../../dialects/batch/batch-session.ts'
import type { CommitOutcome } from './batch-planner.ts'

export interface BatchContext {
  /** Milliseconds since 1970: the time that policies are applied at. */
  readonly now: number
  /** Streams longer than this are reported, to be pruned. */
  readonly maxPerStream: number
  readonly epoch: string
  /** The row that wakes other nodes, written with the batch; null while there are none. */
  readonly wakeUp: BatchWakeUp | null
}

export interface BatchResult {
  /** In the order of the entries. */
  readonly outcomes: readonly CommitOutcome[]
  /** Owners of streams that may hold more rows than `maxPerStream`. */
  readonly overgrown: readonly string[]
}

/** Writes a batch inside an open transaction. */
export type WriteBatch = (
  session: BatchSession,
  entries: readonly LogEntry[],
  context: BatchContext,
) => Promise<BatchResult>

/** The most that one batch may hold. */
export interface BatchLimits {
  readonly entries: number
  /** Characters of text. */
  readonly length: number
}

/** Commits batches; each dialect has its fastest way. */
export interface BatchRunner {
  readonly limits: BatchLimits
  /**
   * Commits one batch. Resolves after the commit; rejects when nothing was written, or when the database was unavailable for
   * so long that the outcome is unknown.
   */
  run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult>
}
