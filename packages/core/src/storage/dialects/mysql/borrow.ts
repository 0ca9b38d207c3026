import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { AnyKysely } from '../any-kysely.ts'
import type { DatabaseDriver, DriverOptions } from '../database-dialect.ts'
import { leaseFrom } from '../borrowed/lease.ts'
import { PlainNumbers } from '../borrowed/plain-numbers.ts'
import { mysqlDatabase } from './mysql-database.ts'
import { needsEscaping, refuseUnsafeSession } from './session-safety.ts'

/** How long the first session may take to answer. */
const firstAnswerMs = 5_000

/**
 * Uses an application's own Kysely, whose sessions are the application's to configure. A session is checked whenever one is
 * taken from the pool, before the first statement with a value that has to be escaped: the application may change a session,
 * or the server its default, at any time.
 *
 * @throws FocusError `unsafe_database_session`, `storage_unavailable`
 */
export async function borrowMysql(source: AnyKysely, options: DriverOptions): Promise<DatabaseDriver> {
  const plain = source.withoutPlugins()
  await checkFirstSession(plain)
  const pool = {
    ...options,
    lease: () => leaseFrom(plain),
    wrap: (connection: DatabaseConnection) => new CheckedConnection(connection),
    plugins: [new PlainNumbers()],
    close: async () => undefined,
  }
  return mysqlDatabase(pool, { readCommitted: false })
}

async function checkFirstSession(source: AnyKysely): Promise<void> {
  try {
    await withTimeout(
      refuseUnsafeSession(source),
      firstAnswerMs,
      () => new Error(`no answer within ${firstAnswerMs} ms`),
    )
  } catch (error) {
    if (error instanceof FocusError) throw error
    throw new FocusError('storage_unavailable', 'The database does not answer.', { retryAfterSeconds: 5, cause: error })
  }
}

class CheckedConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection
  #checked = false

  constructor(connection: DatabaseConnection) {
    this.#connection = connection
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await this.#check(query)
    return this.#connection.executeQuery<R>(query)
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    await this.#check(query)
    yield* this.#connection.streamQuery<R>(query, chunkSize)
  }

  async #check({ parameters }: CompiledQuery): Promise<void> {
    if (this.#checked || !parameters.some(needsEscaping)) return
    await refuseUnsafeSession(this.#connection)
    this.#checked = true
  }
}
