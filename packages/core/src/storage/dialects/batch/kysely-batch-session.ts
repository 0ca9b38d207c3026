import { CompiledQuery, type Kysely } from 'kysely'
import type { Flavour } from '../servers/server.ts'
import type { FocusTables } from '../../tables.ts'
import {
  type BatchSession,
  type RowStatement,
  type SqlRow,
  type SqlValue,
  statementParameters,
  statementText,
} from './batch-session.ts'

/** The placeholders that SQLite accepts in one statement. MySQL's text protocol accepts any number; PostgreSQL gets arrays. */
const maxPlaceholders = 32_766

/** A transaction over one connection of Kysely, with multi-row statements. */
export class KyselyBatchSession implements BatchSession {
  readonly flavour: Flavour
  readonly #connection: Kysely<FocusTables>

  constructor(connection: Kysely<FocusTables>, flavour: Flavour) {
    this.#connection = connection
    this.flavour = flavour
  }

  async run(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<SqlRow[]> {
    const rowsAtOnce = this.flavour === 'sqlite' ? Math.floor(maxPlaceholders / statement.columns) : rows.length
    const answers: SqlRow[] = []
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      const chunk = rows.slice(start, start + rowsAtOnce)
      // Ready-made text instead of a query tree: compiling thousands of values costs more than inserting them.
      const query = CompiledQuery.raw(statementText(statement, chunk.length), statementParameters(statement, chunk))
      const { rows: answered } = await this.#connection.executeQuery<SqlRow>(query)
      for (const row of answered) answers.push(row)
    }
    return answers
  }
}
