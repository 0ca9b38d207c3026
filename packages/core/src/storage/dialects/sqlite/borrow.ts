import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteIntrospector,
} from 'kysely'
import type { AnyKysely } from '../any-kysely.ts'
import type { DatabaseDriver } from '../database-dialect.ts'
import { KyselyBatchRunner } from '../batch/kysely-batch-runner.ts'
import { type Lease, type LeasedTransaction, leaseFrom, leaseTransactionFrom } from '../borrowed/lease.ts'
import { PlainNumbers } from '../borrowed/plain-numbers.ts'
import { ConcurrentSqliteAdapter } from './concurrent-adapter.ts'

/**
 * Uses an application's own Kysely for SQLite.
 *
 * @param close what else ends with the database; nothing when absent
 */
export function borrowSqlite(source: AnyKysely, close = async () => {}): DatabaseDriver {
  const plain = source.withoutPlugins()
  return {
    file: null,
    plugins: [new PlainNumbers()],
    connect: () => borrowingDialect(plain),
    server: async () => ({ flavour: 'sqlite', skipLocked: false }),
    batchRunner: async (write, { unlimited }, patienceMs) =>
      new KyselyBatchRunner({ db: unlimited, flavour: 'sqlite', begin: ['begin immediate'], write, patienceMs }),
    onForeignCommit: () => undefined,
    check: async () => undefined,
    queues: () => [],
    close,
  }
}

function borrowingDialect(source: AnyKysely): Dialect {
  const executor = source.getExecutor()
  return {
    createAdapter: () => new ConcurrentSqliteAdapter(),
    createQueryCompiler: () => executor,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createDriver: () => new BorrowingDriver(source),
  }
}

/** Connections and transactions of another Kysely. Its own driver begins and ends them, in whatever way it does that. */
class BorrowingDriver implements Driver {
  readonly #source: AnyKysely

  constructor(source: AnyKysely) {
    this.#source = source
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<BorrowedConnection> {
    return new BorrowedConnection(this.#source)
  }

  async beginTransaction(connection: BorrowedConnection): Promise<void> {
    await connection.begin()
  }

  async commitTransaction(connection: BorrowedConnection): Promise<void> {
    await connection.commit()
  }

  async rollbackTransaction(connection: BorrowedConnection): Promise<void> {
    await connection.rollback()
  }

  async releaseConnection(connection: BorrowedConnection): Promise<void> {
    await connection.release()
  }

  /** Does nothing: the owner of the connections closes them. */
  async destroy(): Promise<void> {}
}

/** Leases a connection for its first statement, or the connection of a transaction. */
class BorrowedConnection implements DatabaseConnection {
  readonly #source: AnyKysely
  #lease: Promise<Lease> | null = null
  #transaction: LeasedTransaction | null = null

  constructor(source: AnyKysely) {
    this.#source = source
  }

  async begin(): Promise<void> {
    this.#transaction = await leaseTransactionFrom(this.#source)
  }

  async commit(): Promise<void> {
    await this.#transaction?.commit()
  }

  async rollback(): Promise<void> {
    await this.#transaction?.rollback()
  }

  async release(): Promise<void> {
    // A lease that failed has nothing to release; its statement has reported the failure.
    const lease = await this.#lease?.catch(() => null)
    lease?.release()
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return (await this.#connection()).executeQuery<R>(query)
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    yield* (await this.#connection()).streamQuery<R>(query, chunkSize)
  }

  async #connection(): Promise<DatabaseConnection> {
    if (this.#transaction !== null) return this.#transaction.connection
    this.#lease ??= leaseFrom(this.#source)
    return (await this.#lease).connection
  }
}
