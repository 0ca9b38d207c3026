import type { Transaction } from 'kysely'
import type { Database } from './database.ts'
import { retryOnConflict } from './retry-on-conflict.ts'
import type { FocusTables } from './tables.ts'

/**
 * Runs `work` in a transaction: READ COMMITTED on servers; SQLite has one level. A transaction that lost to others runs again,
 * so `work` must only read and write through it.
 */
export function inTransaction<T>(
  { db }: Pick<Database, 'db'>,
  work: (trx: Transaction<FocusTables>) => Promise<T>,
): Promise<T> {
  return retryOnConflict(() => db.transaction().execute(work))
}
