import type { LogEntry } from '../../../../notifications/log-entry-port.ts'
import type { BatchContext, BatchResult } from '../../../log/commit/write-batch.ts'

/** What a thread is started with. */
export interface ThreadStart {
  readonly file: string
  readonly role: 'writer' | 'reader'
}

/** One statement with its values. */
export interface Statement {
  readonly kind: 'statement'
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Work that is whole in itself, and may share its commit with others of its kind. */
export type GroupUnit =
  | Statement
  | { readonly kind: 'batch'; readonly entries: readonly LogEntry[]; readonly context: BatchContext }

/** What the main thread asks of the writer thread. */
export type WriterRequest =
  /** Runs in the transaction that is open, or by itself. */
  | Statement
  /** Succeeds when no transaction is open, too. */
  | { readonly kind: 'rollback' }
  /** Runs all units in one transaction; each fails for itself. */
  | { readonly kind: 'group'; readonly units: readonly GroupUnit[] }
  /** Report other processes' commits from now on. */
  | { readonly kind: 'watch'; readonly intervalMs: number }

/** What the main thread asks of a reader thread. */
export type ReaderRequest = Statement

export type ThreadRequest = WriterRequest | ReaderRequest | { readonly kind: 'close' }

export interface QueryAnswer {
  readonly rows: readonly unknown[]
  readonly changes: number
  /** Rowids that fit; ours do. */
  readonly lastInsertRowid: number
}

/** Rows as a list of values for each column: a third of the work of objects for the thread that receives them. */
export interface ReadAnswer {
  readonly columns: readonly string[]
  readonly values: readonly (readonly unknown[])[]
  readonly count: number
}

export type UnitAnswer = QueryAnswer | BatchResult
export type UnitOutcome = { readonly answer: UnitAnswer } | { readonly failure: ThreadFailure }

export type ThreadAnswer = QueryAnswer | ReadAnswer | readonly UnitOutcome[] | null

/** An error as it crosses threads: classes do not. */
export interface ThreadFailure {
  readonly message: string
  readonly code?: string
}

/** Requests of one turn of the event loop travel in one message. */
export type ThreadOrder = { readonly id: number; readonly request: ThreadRequest }[]

export type ThreadResult =
  | { readonly id: number; readonly answer: ThreadAnswer }
  | { readonly id: number; readonly failure: ThreadFailure }

export type ThreadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'foreign-commit' }
  | { readonly kind: 'results'; readonly results: readonly ThreadResult[] }
