import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { BatchContext, BatchResult } from './write-batch.ts'

/**
 * Commits one batch. Resolves after the commit; rejects when nothing of it was written, or when the database stayed away
 * for so long that nobody can tell.
 */
export interface BatchRunner {
  run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult>
}
