import type { Flavour } from '../servers/server.ts'

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** A statement over any number of rows. */
export type RowStatement = ValuesStatement | ArrayStatement

/** `head`, then one parenthesis for each row, then `tail`. */
interface ValuesStatement {
  readonly head: string
  readonly columns: number
  readonly tail: string
}

/** Has one array for each column as its parameters, so that its text does not depend on the number of rows. */
interface ArrayStatement {
  readonly text: string
  /** A session that Focus alone uses keeps the statement under this name, so that the server reads and plans it once. */
  readonly name?: string
  readonly columns: number
}

/** The head of a stream after the last batch of a writer. */
export interface KnownHead {
  readonly head: number
  /** The lowest offset that was not pruned then. */
  readonly oldest: number
}

/** Heads that a writer remembers from its earlier batches, so that it need not read them. */
export interface KnownHeads {
  /**
   * Advances a head by `count`, if it is known and no other writer has moved it.
   *
   * @returns the head before; null when it must be read
   */
  advance(owner: string, count: number, unread: number): KnownHead | null
  remember(owner: string, head: KnownHead): void
}

/** An open transaction in which a batch is written. */
export interface BatchSession {
  readonly flavour: Flavour
  /** Whether statements may be sent before earlier ones are answered. They run in the order in which they were sent. */
  readonly pipelined: boolean
  /** Null for a session that remembers no heads. */
  readonly knownHeads: KnownHeads | null
  /** Runs the statement for all rows, in as few executions as the driver can; returns the rows that it returns. */
  run(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<SqlRow[]>
  /** Runs a statement whose rows nobody reads. May resolve before it is answered: then its error fails the commit. */
  write(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<unknown>
}

/** Returns the text of a statement for a number of rows. */
export function statementText(statement: RowStatement, rows: number): string {
  if ('text' in statement) return statement.text
  const { head, columns, tail } = statement
  const row = `(${'?, '.repeat(columns - 1)}?)`
  return `${head} ${`${row}, `.repeat(rows - 1)}${row} ${tail}`
}

/** Returns the parameters of a statement for rows. */
export function statementParameters(
  statement: RowStatement,
  rows: readonly (readonly SqlValue[])[],
): SqlValue[] | SqlValue[][] {
  if (!('text' in statement)) return rows.flat()
  return Array.from({ length: statement.columns }, (_, column) => rows.map((row) => row[column] ?? null))
}
