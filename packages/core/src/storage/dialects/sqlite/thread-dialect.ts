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
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { WorkClass } from '../../queue/work-class.ts'
import type { PointReads } from './point-reads.ts'
import type { SqliteReader } from './sqlite-reader.ts'
import type { SqliteThread } from './thread/sqlite-thread.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

/** What works on one SQLite file. */
export interface SqliteThreads {
  readonly points: PointReads
  /** By class: a long read in the background delays nobody who waits. */
  readonly reader: Readonly<Record<WorkClass, SqliteReader>>
  readonly writer: SqliteWriter
}

/**
 * SQLite for a server: reads run in reader threads, except those of a single row; writes and transactions run in the writer thread,
 * one after another, and every transaction begins as a writer, so that none is refused half way.
 */
export class SqliteThreadDialect implements Dialect {
  readonly #threads: SqliteThreads
  readonly #kind: WorkClass

  constructor(threads: SqliteThreads, kind: WorkClass) {
    this.#threads = threads
    this.#kind = kind
  }

  createAdapter(): DialectAdapter {
    return new SqliteThreadAdapter()
  }

  createDriver(): Driver {
    return new SqliteThreadDriver(this.#threads, this.#kind)
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db)
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }
}

class SqliteThreadAdapter extends SqliteAdapter {
  /** Reads do not wait for the transaction that somebody has open. */
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class SqliteThreadDriver implements Driver {
  readonly #threads: SqliteThreads
  readonly #kind: WorkClass

  constructor(threads: SqliteThreads, kind: WorkClass) {
    this.#threads = threads
    this.#kind = kind
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteThreadConnection> {
    return new SqliteThreadConnection(this.#threads, this.#kind)
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

  async savepoint(connection: SqliteThreadConnection, name: string): Promise<void> {
    await connection.statement(`savepoint "${name}"`)
  }

  async rollbackToSavepoint(connection: SqliteThreadConnection, name: string): Promise<void> {
    await connection.statement(`rollback to "${name}"`)
  }

  async releaseSavepoint(connection: SqliteThreadConnection, name: string): Promise<void> {
    await connection.statement(`release "${name}"`)
  }

  async releaseConnection(): Promise<void> {}

  /** The threads belong to whoever started them; Kysely does not even come here when it was never used. */
  async destroy(): Promise<void> {}
}

class SqliteThreadConnection implements DatabaseConnection {
  readonly #threads: SqliteThreads
  readonly #kind: WorkClass
  /** The open one, with what gives the writer back. */
  #transaction: { readonly thread: SqliteThread; readonly release: () => void } | null = null

  constructor(threads: SqliteThreads, kind: WorkClass) {
    this.#threads = threads
    this.#kind = kind
  }

  async begin(): Promise<void> {
    const transaction = await this.#threads.writer.alone(this.#kind)
    try {
      await transaction.thread.query('begin immediate', [])
      this.#transaction = transaction
    } catch (error) {
      transaction.release()
      throw error
    }
  }

  /** After a commit that failed, Kysely rolls back, and the transaction is held until then. */
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

  async statement(sql: string): Promise<void> {
    await this.#transaction?.thread.query(sql, [])
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { points, reader, writer } = this.#threads
    if (!this.#transaction && readsOnly(sql)) {
      const rows = points.read(sql, parameters) ?? (await reader[this.#kind].read(this.#kind, sql, parameters))
      return { rows: rows as R[] }
    }
    const { rows, changes, lastInsertRowid } = await (this.#transaction
      ? this.#transaction.thread.query(sql, parameters)
      : writer.write(this.#kind, sql, parameters))
    return { rows: rows as R[], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  /** All rows at once: nothing that Focus reads is so large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  #giveBack(): void {
    this.#transaction?.release()
    this.#transaction = null
  }
}

/** `begin` and its like count as reading for SQLite; they belong to the writer. */
function readsOnly(sql: string): boolean {
  if (/^\s*(select|explain|pragma)\b/i.test(sql)) return true
  return /^\s*with\b/i.test(sql) && !/\b(insert|update|delete|replace)\b/i.test(sql)
}
