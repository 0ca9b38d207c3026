import type { BatchContext } from '../../../log/commit/batch-runner.ts'
import type { PackedEntries, PackedResult } from './packed-batch.ts'

/** The start data of a thread. */
export interface ThreadStart {
  readonly file: string
  readonly role: 'writer' | 'reader'
}

/** Runs one statement: in the open transaction, or by itself. For the writer. */
export interface StatementRequest {
  readonly kind: 'statement'
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Reads rows. For a reader. */
export interface ReadRequest {
  readonly kind: 'read'
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Ends the open transaction. Succeeds also when none is open. */
export interface RollbackRequest {
  readonly kind: 'rollback'
}

/** Writes a batch of notifications. */
export interface BatchUnit {
  readonly kind: 'batch'
  readonly entries: PackedEntries
  readonly context: BatchContext
}

/** Work that is complete in itself, and may share its commit with other units. */
export type GroupUnit = StatementRequest | BatchUnit

/** Runs all units in one transaction; each fails by itself. */
export interface GroupRequest {
  readonly kind: 'group'
  readonly units: readonly GroupUnit[]
}

/** Reports commits of other connections from now on; a second request changes the interval. */
export interface WatchRequest {
  readonly kind: 'watch'
  readonly intervalMs: number
}

/** Reports no more commits. For a reader. */
export interface UnwatchRequest {
  readonly kind: 'unwatch'
}

/** Ends the thread. */
export interface CloseRequest {
  readonly kind: 'close'
}

/** The requests that a role answers. */
export type WriterRequest = StatementRequest | RollbackRequest | GroupRequest | WatchRequest
export type ReaderRequest = ReadRequest | WatchRequest | UnwatchRequest
export type ThreadRequest = WriterRequest | ReaderRequest | CloseRequest

export interface QueryAnswer {
  readonly rows: readonly unknown[]
  readonly changes: number
  /** Below 2^53, as all rowids of Focus are. */
  readonly lastInsertRowid: number
}

/** Rows as a list of values for each column: a third of the work of objects for the thread that receives them. */
export interface ReadAnswer {
  readonly columns: readonly string[]
  readonly values: readonly (readonly unknown[])[]
  readonly count: number
}

interface UnitAnswers {
  readonly statement: QueryAnswer
  readonly batch: PackedResult
}

export type UnitAnswer<Unit extends GroupUnit = GroupUnit> = UnitAnswers[Unit['kind']]
export type UnitOutcome = { readonly answer: UnitAnswer } | { readonly failure: ThreadFailure }

interface Answers {
  readonly statement: QueryAnswer
  readonly read: ReadAnswer
  readonly rollback: null
  /** In the order of the units. */
  readonly group: readonly UnitOutcome[]
  readonly watch: null
  readonly unwatch: null
  readonly close: null
}

/** The answer to a request of a kind. */
export type ThreadAnswer<Request extends ThreadRequest = ThreadRequest> = Answers[Request['kind']]

/** An error as it crosses threads, which keep no classes. */
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
