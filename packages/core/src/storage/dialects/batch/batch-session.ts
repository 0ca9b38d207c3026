import type { Flavour } from '../server.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A statement over any number of rows: `head`, then one parenthesis for each row, then `tail`. */
export interface RowStatement {
  readonly head: string
  readonly columns: number
  readonly tail: string
}

/** An open transaction in which a batch is written. */
export interface BatchSession {
  readonly flavour: Flavour
  /** Runs the statement for all rows, in as few executions as the driver can; returns the rows that it returns. */
  run(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<SqlRow[]>
}

/** Returns the text of a statement for a number of rows. */
export function statementText({ head, columns, tail }: RowStatement, rows: number): string {
  const row = `(${'?, '.repeat(columns - 1)}?)`
  return `${head} ${`${row}, `.repeat(rows - 1)}${row} ${tail}`
}
