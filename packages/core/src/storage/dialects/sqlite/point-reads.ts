import type BetterSqlite3 from 'better-sqlite3'
import { type SqliteConnection, StatementCache } from './sqlite-connection.ts'
import { isBounded, type Instruction } from './bounded-program.ts'

/** Values of a statement, such as those of `in (…)`: at a few microseconds each, the event loop does not feel so many. */
const maxParameters = 100

/**
 * Reads that find rows by unique keys, one for each key that is given. They are done here, in the main thread, because a message to the
 * reader thread costs more than they do. Everything that could take longer is refused.
 */
export class PointReads {
  readonly #connection: SqliteConnection
  readonly #statements: StatementCache
  readonly #known = new Map<string, boolean>()

  /** @param connection one that waits for no lock */
  constructor(connection: SqliteConnection) {
    this.#connection = connection
    this.#statements = new StatementCache(connection)
  }

  /** The rows; null when the statement could read more than that, or would have to wait for a lock. */
  read(sql: string, parameters: readonly unknown[]): Record<string, unknown>[] | null {
    if (parameters.length > maxParameters || !this.#connection.open) return null
    let known = this.#known.get(sql)
    if (known === undefined) {
      known = this.#isPoint(sql, parameters)
      if (this.#known.size >= 500) this.#known.clear()
      this.#known.set(sql, known)
    }
    if (!known) return null
    try {
      return this.#statements.get(sql).all(...parameters) as Record<string, unknown>[]
    } catch (error) {
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) return null
      throw error
    }
  }

  #isPoint(sql: string, parameters: readonly unknown[]): boolean {
    try {
      const explain: BetterSqlite3.Statement = this.#connection.prepare(`explain ${sql}`)
      return isBounded(explain.all(...parameters) as Instruction[])
    } catch {
      // The reader thread says what is wrong with it.
      return false
    }
  }
}
