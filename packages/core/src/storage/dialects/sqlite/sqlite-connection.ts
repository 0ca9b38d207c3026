import BetterSqlite3 from 'better-sqlite3'

export type SqliteConnection = BetterSqlite3.Database

/**
 * Opens a database file as Focus uses it: durable at every commit, readers and the writer side by side. It waits up to 5,000
 * ms for other processes' locks; a connection of the event loop's thread must not wait once it is open (`waitMs: 0`).
 */
export function openConnection(file: string, { waitMs }: { waitMs?: number } = {}): SqliteConnection {
  const connection = new BetterSqlite3(file, { timeout: 5_000 })
  connection.pragma('journal_mode = WAL')
  connection.pragma('synchronous = FULL')
  connection.pragma('foreign_keys = ON')
  if (waitMs !== undefined) connection.pragma(`busy_timeout = ${waitMs}`)
  return connection
}

/** Prepared statements by text, so that what is asked again is not compiled again. */
export class StatementCache {
  readonly #connection: SqliteConnection
  readonly #statements = new Map<string, BetterSqlite3.Statement>()

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  get(sql: string): BetterSqlite3.Statement {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#connection.prepare(sql)
    if (this.#statements.size >= 500) this.#statements.clear()
    this.#statements.set(sql, statement)
    return statement
  }
}
