import type { Kysely } from 'kysely'
import type { Logger } from '../../common/logging/logger.ts'
import type { DialectName } from '../dialects/any-kysely.ts'
import type { TableDefinition } from '../dialects/table-definition.ts'
import type { FocusTables } from '../tables.ts'

/** Returns the idempotent statements that create a table on one database. */
export type CreateTable = (table: TableDefinition) => string[]

/** The database as the move of a step uses it. */
export interface MoveContext {
  /** Has no time limit; holds no connection between two statements. */
  readonly db: Kysely<FocusTables>
  readonly logger: Logger
  readonly createTable: CreateTable
}

/**
 * Moves existing rows to another table, in transactions so short that other processes go on writing to the old one. The next call
 * continues a move that was interrupted. Processes may move the same rows at the same time.
 */
export type Move = (context: MoveContext) => Promise<void>

/** One numbered step, forward only. Every statement must be idempotent, because MySQL and SQLite commit each one by itself. */
export interface MigrationStep {
  readonly name: string
  statements(createTable: CreateTable): string[]
  /** Runs before the statements, outside of their transaction. */
  readonly moves?: Readonly<Partial<Record<DialectName, Move>>>
}
