import type { TableDefinition } from '../dialects/table-definition.ts'

/** Returns the idempotent statements that create a table on one database. */
export type CreateTable = (table: TableDefinition) => string[]

/** One numbered step, forward only. Every statement must be idempotent, because MySQL commits each one by itself. */
export interface MigrationStep {
  readonly name: string
  statements(createTable: CreateTable): string[]
}
