import type BetterSqlite3 from 'better-sqlite3'
import { openConnection, type SqliteConnection, StatementCache } from '../sqlite-connection.ts'
import { DataVersionWatch } from './data-version-watch.ts'
import type { ReadAnswer, ReadRequest, ThreadAnswer, ThreadRequest } from './thread-requests.ts'
import type { ThreadRole } from './role.ts'

/** Reads rows. Each statement is a read transaction of its own and sees everything that was committed before it started. */
export class ReaderRole implements ThreadRole {
  readonly #connection: SqliteConnection
  readonly #statements: StatementCache
  readonly #columns = new WeakMap<BetterSqlite3.Statement, readonly string[]>()

  readonly #watch: DataVersionWatch

  /** @param committed called after commits, of this process too, once a `watch` request came */
  constructor(file: string, committed: () => void) {
    this.#connection = openConnection(file)
    this.#watch = new DataVersionWatch(this.#connection, committed)
    this.#connection.pragma('query_only = ON')
    this.#statements = new StatementCache(this.#connection)
  }

  answer(request: ThreadRequest): ThreadAnswer {
    switch (request.kind) {
      case 'read':
        return this.#read(request)
      case 'watch':
        this.#watch.start(request.intervalMs)
        return null
      case 'unwatch':
        this.#watch.stop()
        return null
      default:
        throw new TypeError(`a reader does not answer ${request.kind} requests`)
    }
  }

  close(): void {
    this.#watch.stop()
    this.#connection.close()
  }

  #read({ sql, parameters }: ReadRequest): ReadAnswer {
    const statement = this.#statements.get(sql)
    const rows = statement.raw(true).all(...parameters) as unknown[][]
    const columns = this.#columnsOf(statement, rows[0]?.length ?? 0)
    return { columns, values: columns.map((_, column) => rows.map((row) => row[column])), count: rows.length }
  }

  /** Asks again when the width differs: the columns of `select *` change when another process migrates. */
  #columnsOf(statement: BetterSqlite3.Statement, width: number): readonly string[] {
    const known = this.#columns.get(statement)
    if (known && (known.length === width || width === 0)) return known
    const columns = statement.columns().map((column) => column.name)
    this.#columns.set(statement, columns)
    return columns
  }
}
