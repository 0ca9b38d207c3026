import type { Flavour } from './server.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A statement over any number of rows: `head`, then one parenthesis for each row, then `tail`. */
export interface RowStatement {
  readonly head: string
  readonly columns: number
  readonly tail: string
}

/** One open transaction, as the commit of a batch uses it. */
export interface BatchSession {
  readonly flavour: Flavour
  /** Runs the statement for all rows, in as many executions as suit the driver; answers what it returned. */
  run(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<SqlRow[]>
}

/** The text of a statement for a number of rows. */
export function statementText({ head, columns, tail }: RowStatement, rows: number): string {
  const row = `(${'?, '.repeat(columns - 1)}?)`
  return `${head} ${`${row}, `.repeat(rows - 1)}${row} ${tail}`
}
