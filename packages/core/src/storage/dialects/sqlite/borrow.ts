import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteIntrospector,
} from 'kysely'
import type { AnyKysely } from '../any-kysely.ts'
import type { DatabaseDriver } from '../database-dialect.ts'
import { KyselyBatchRunner } from '../batch/kysely-batch-runner.ts'
import { type Lease, leaseFrom } from '../borrowed/lease.ts'
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

/** Transactions over connections that are leased from another Kysely. */
class BorrowingDriver implements Driver {
  readonly #source: AnyKysely

  constructor(source: AnyKysely) {
    this.#source = source
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<BorrowedConnection> {
    return new BorrowedConnection(await leaseFrom(this.#source))
  }

  async beginTransaction(connection: BorrowedConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'))
  }

  async commitTransaction(connection: BorrowedConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: BorrowedConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection({ lease }: BorrowedConnection): Promise<void> {
    lease.release()
  }

  /** Does nothing: the owner of the connections closes them. */
  async destroy(): Promise<void> {}
}

class BorrowedConnection implements DatabaseConnection {
  readonly lease: Lease

  constructor(lease: Lease) {
    this.lease = lease
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.lease.connection.executeQuery<R>(query)
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.lease.connection.streamQuery<R>(query, chunkSize)
  }
}
