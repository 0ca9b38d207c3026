import type { LogEntry } from '../../notifications/log.ts'
import type { BatchContext, BatchResult } from '../log/commit/write-batch.ts'

/** What the main thread asks of the writer thread. */
export type WriterRequest =
  | { readonly kind: 'query'; readonly sql: string; readonly parameters: readonly unknown[] }
  /** Succeeds when no transaction is open, too. */
  | { readonly kind: 'rollback' }
  | { readonly kind: 'batch'; readonly entries: readonly LogEntry[]; readonly context: BatchContext }
  /** Report other processes' commits from now on. */
  | { readonly kind: 'watch'; readonly intervalMs: number }
  | { readonly kind: 'close' }

export interface QueryAnswer {
  readonly rows: readonly unknown[]
  readonly changes: number
  /** Rowids that fit; ours do. */
  readonly lastInsertRowid: number
}

export type WriterAnswer = QueryAnswer | BatchResult | null

/** An error as it crosses threads: classes do not. */
export interface WriterFailure {
  readonly message: string
  readonly code?: string
}

export type WriterMessage =
  | { readonly id: number; readonly answer: WriterAnswer }
  | { readonly id: number; readonly failure: WriterFailure }
  | { readonly kind: 'ready' }
  | { readonly kind: 'foreign-commit' }
