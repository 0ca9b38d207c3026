import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { WorkClass } from '../../queue/work-class.ts'
import { ConcurrentSqliteAdapter } from './concurrent-adapter.ts'
import type { PointReads } from './point-reads.ts'
import type { SqliteReader } from './sqlite-reader.ts'
import type { SqliteThread } from './thread/sqlite-thread.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

/** The threads of one SQLite file, as work of one class uses them. */
export interface SqliteThreads {
  readonly kind: WorkClass
  readonly points: PointReads
  readonly reader: SqliteReader
  readonly writer: SqliteWriter
}

/**
 * Kysely's dialect for SQLite in a server. Reads run in reader threads, except reads of single rows. Writes and transactions run
 * in the writer thread, one after another; every transaction starts as a writer, so that none is refused half-way.
 */
export class SqliteThreadDialect implements Dialect {
  readonly #threads: SqliteThreads

  constructor(threads: SqliteThreads) {
    this.#threads = threads
  }

  createAdapter(): DialectAdapter {
    // Reads do not wait for an open transaction.
    return new ConcurrentSqliteAdapter()
  }

  createDriver(): Driver {
    return new SqliteThreadDriver(this.#threads)
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db)
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }
}

class SqliteThreadDriver implements Driver {
  readonly #threads: SqliteThreads

  constructor(threads: SqliteThreads) {
    this.#threads = threads
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteThreadConnection> {
    return new SqliteThreadConnection(this.#threads)
  }

  async beginTransaction(connection: SqliteThreadConnection): Promise<void> {
    await connection.begin()
  }

  async commitTransaction(connection: SqliteThreadConnection): Promise<void> {
    await connection.commit()
  }

  async rollbackTransaction(connection: SqliteThreadConnection): Promise<void> {
    await connection.rollback()
  }

  async releaseConnection(): Promise<void> {}

  /** Does nothing: the owner of the threads ends them. */
  async destroy(): Promise<void> {}
}

class SqliteThreadConnection implements DatabaseConnection {
  readonly #threads: SqliteThreads
  /** The open transaction. `release` gives the writer back. */
  #transaction: { readonly thread: SqliteThread; readonly release: () => void } | null = null

  constructor(threads: SqliteThreads) {
    this.#threads = threads
  }

  async begin(): Promise<void> {
    const transaction = await this.#threads.writer.exclusive(this.#threads.kind)
    try {
      await transaction.thread.query('begin immediate', [])
      this.#transaction = transaction
    } catch (error) {
      transaction.release()
      throw error
    }
  }

  /** Holds the transaction after a commit that failed, until Kysely rolls back. */
  async commit(): Promise<void> {
    await this.#transaction?.thread.query('commit', [])
    this.#giveBack()
  }

  async rollback(): Promise<void> {
    try {
      await this.#transaction?.thread.rollback()
    } finally {
      this.#giveBack()
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { kind, points, reader, writer } = this.#threads
    if (!this.#transaction && readsOnly(sql)) {
      const rows = points.read(sql, parameters) ?? (await reader.read(kind, sql, parameters))
      return { rows: rows as R[] }
    }
    const { rows, changes, lastInsertRowid } = await (this.#transaction
      ? this.#transaction.thread.query(sql, parameters)
      : writer.write(kind, sql, parameters))
    return { rows: rows as R[], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  /** Yields all rows at once: no result that Focus reads is large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  #giveBack(): void {
    this.#transaction?.release()
    this.#transaction = null
  }
}

/** SQLite itself counts `begin` as a read, but it belongs to the writer. */
function readsOnly(sql: string): boolean {
  if (/^\s*(select|explain|pragma)\b/i.test(sql)) return true
  return /^\s*with\b/i.test(sql) && !/\b(insert|update|delete|replace)\b/i.test(sql)
}
