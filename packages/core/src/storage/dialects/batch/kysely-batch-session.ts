import { CompiledQuery, type QueryResult } from 'kysely'
import type { Flavour } from '../servers/server.ts'
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

/** A statement that a driver may keep prepared under a name. */
export interface NamedQuery<R = unknown> extends CompiledQuery<R> {
  readonly name?: string
}

/** Runs one statement on the connection of a transaction. */
export type Execute = <R>(query: CompiledQuery<R>) => Promise<QueryResult<R>>

/** A transaction over one connection of Kysely, with multi-row statements. */
export class KyselyBatchSession implements BatchSession {
  readonly flavour: Flavour
  readonly pipelined: boolean
  /** Locking the heads reads them as well. */
  readonly knownHeads = null
  readonly #execute: Execute
  readonly #sent: Promise<unknown>[] = []

  /** @param pipelined whether statements may be sent before earlier ones are answered */
  constructor(execute: Execute, flavour: Flavour, pipelined: boolean) {
    this.#execute = execute
    this.flavour = flavour
    this.pipelined = pipelined
  }

  async run(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<SqlRow[]> {
    const rowsAtOnce = this.flavour === 'sqlite' ? Math.floor(maxPlaceholders / statement.columns) : rows.length
    const answers: SqlRow[] = []
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      const chunk = rows.slice(start, start + rowsAtOnce)
      // Ready-made text instead of a query tree: compiling thousands of values costs more than inserting them.
      const query: CompiledQuery<SqlRow> = CompiledQuery.raw(
        statementText(statement, chunk.length),
        statementParameters(statement, chunk),
      )
      const { rows: answered } = await this.#execute<SqlRow>(named(query, statement))
      for (const row of answered) answers.push(row)
    }
    return answers
  }

  write(statement: RowStatement, rows: readonly (readonly SqlValue[])[]): Promise<unknown> {
    return this.send(() => this.run(statement, rows))
  }

  /** Starts work that `answered` waits for; waits for it here where statements are not pipelined. */
  async send(work: () => Promise<unknown>): Promise<void> {
    if (!this.pipelined) {
      await work()
      return
    }
    const sent = work()
    sent.catch(() => undefined)
    this.#sent.push(sent)
  }

  /** Resolves when all work is answered. Rejects then with the first error: the later ones follow from it. */
  async answered(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#sent)
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
  }
}

function named<R>(query: CompiledQuery<R>, statement: RowStatement): NamedQuery<R> {
  const { name } = 'text' in statement ? statement : { name: undefined }
  return name === undefined ? query : { ...query, name }
}
