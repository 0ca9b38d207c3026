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
import { type SqliteConnection, StatementCache } from './connection.ts'
import type { SqliteWriter } from './writer.ts'
import type { WriterThread } from './writer-thread.ts'

/**
 * SQLite for a server: reads run here, at once; writes and transactions run in the writer thread, one after another,
 * and every transaction begins as a writer, so that none is refused half way.
 */
export class SqliteThreadDialect implements Dialect {
  readonly #reader: SqliteConnection
  readonly #writer: SqliteWriter

  constructor(reader: SqliteConnection, writer: SqliteWriter) {
    this.#reader = reader
    this.#writer = writer
  }

  createAdapter(): DialectAdapter {
    return new SqliteThreadAdapter()
  }

  createDriver(): Driver {
    return new SqliteThreadDriver(this.#reader, this.#writer)
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
  readonly #writer: SqliteWriter
  readonly #statements: StatementCache

  constructor(reader: SqliteConnection, writer: SqliteWriter) {
    this.#writer = writer
    this.#statements = new StatementCache(reader)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteThreadConnection> {
    return new SqliteThreadConnection(this.#statements, this.#writer)
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

  /** The connections belong to whoever opened them; Kysely does not even come here when it was never used. */
  async destroy(): Promise<void> {}
}

class SqliteThreadConnection implements DatabaseConnection {
  readonly #statements: StatementCache
  readonly #writer: SqliteWriter
  /** The open one, with what gives the writer back. */
  #transaction: { readonly thread: WriterThread; readonly release: () => void } | null = null

  constructor(statements: StatementCache, writer: SqliteWriter) {
    this.#statements = statements
    this.#writer = writer
  }

  async begin(): Promise<void> {
    const release = await this.#writer.lock.acquire()
    try {
      const thread = await this.#writer.thread()
      await thread.query('begin immediate', [])
      this.#transaction = { thread, release }
    } catch (error) {
      release()
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
    if (this.#transaction) return write<R>(this.#transaction.thread, sql, parameters)
    const read = readsOnly(sql) ? this.#statements.get(sql) : null
    if (read?.readonly) return { rows: read.all(...parameters) as R[] }
    return this.#writer.lock.hold(() => write<R>(this.#writer, sql, parameters))
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    for (const row of this.#statements.get(sql).iterate(...parameters)) yield { rows: [row as R] }
  }

  #giveBack(): void {
    this.#transaction?.release()
    this.#transaction = null
  }
}

async function write<R>(
  writer: SqliteWriter | WriterThread,
  sql: string,
  parameters: readonly unknown[],
): Promise<QueryResult<R>> {
  const { rows, changes, lastInsertRowid } = await writer.query(sql, parameters)
  return { rows: rows as R[], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
}

/** `begin` and its like count as reading for SQLite; they belong to the writer. */
function readsOnly(sql: string): boolean {
  return /^\s*(select|with|explain|pragma)\b/i.test(sql)
}
