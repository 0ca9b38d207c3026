import { CompiledQuery, type DatabaseConnection } from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { AnyKysely } from '../any-kysely.ts'
import type { DatabaseDriver, DriverOptions } from '../database-dialect.ts'
import { type Lease, leaseFrom } from '../borrowed/lease.ts'
import { PlainNumbers } from '../borrowed/plain-numbers.ts'
import { postgresDatabase } from './postgres-database.ts'

/** How long the first session may take to answer. */
const firstAnswerMs = 5_000

/**
 * Uses an application's own Kysely, whose sessions are the application's to configure. Each transaction brings the settings
 * that it needs.
 *
 * @throws FocusError `storage_unavailable`
 */
export async function borrowPostgres(source: AnyKysely, options: DriverOptions): Promise<DatabaseDriver> {
  const plain = source.withoutPlugins()
  await checkFirstSession(plain)
  const pool = {
    ...options,
    lease: () => leaseUndestroyed(plain),
    plugins: [new PlainNumbers()],
    close: async () => undefined,
  }
  return postgresDatabase(pool, { severalStatements: false })
}

/**
 * Leaves out that Kysely can end a session on the server: the socket of a connection that was cut off stays open, and the pool
 * would lend it again. Such a connection returns to its pool when it answers or fails.
 */
async function leaseUndestroyed(source: AnyKysely): Promise<Lease> {
  const { connection, release } = await leaseFrom(source)
  const undestroyed: DatabaseConnection = {
    executeQuery: (query) => connection.executeQuery(query),
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  }
  return { connection: undestroyed, release }
}

async function checkFirstSession(source: AnyKysely): Promise<void> {
  const late = () => new Error(`no answer within ${firstAnswerMs} ms`)
  try {
    await withTimeout(source.executeQuery(CompiledQuery.raw('select 1')), firstAnswerMs, late)
  } catch (error) {
    throw new FocusError('storage_unavailable', 'The database does not answer.', { retryAfterSeconds: 5, cause: error })
  }
}
