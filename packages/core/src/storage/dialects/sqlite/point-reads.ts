import type BetterSqlite3 from 'better-sqlite3'
import { type SqliteConnection, StatementCache } from './sqlite-connection.ts'
import { isBounded, type Instruction } from './bounded-program.ts'

/** Values of one statement, such as those of `in (…)`: each takes a few microseconds of the event loop. */
const maxParameters = 100

/**
 * Reads rows by unique keys, at most one for each given key. These reads run in the main thread, because a message to the reader
 * thread costs more. Every statement that could take longer is refused.
 */
export class PointReads {
  readonly #connection: SqliteConnection
  readonly #statements: StatementCache
  readonly #known = new Map<string, boolean>()

  /** @param connection must not wait for locks */
  constructor(connection: SqliteConnection) {
    this.#connection = connection
    this.#statements = new StatementCache(connection)
  }

  /** Returns the rows; null when the statement could read more rows than it names keys, or would wait for a lock. */
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
      // The reader thread reports the error.
      return false
    }
  }
}
