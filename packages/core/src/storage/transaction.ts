import type { Transaction } from 'kysely'
import type { Database } from './database.ts'
import { retryOnConflict } from './dialects/retry.ts'
import type { FocusTables } from './tables.ts'

/**
 * Runs `work` in a transaction: READ COMMITTED on MySQL, where the default level locks gaps and deadlocks; SQLite has one
 * level, and no name for it. A transaction that lost to others is run again, so `work` must do nothing but read and write
 * through it.
 */
export function inTransaction<T>(
  { db, dialect, readCommitted }: Database,
  work: (trx: Transaction<FocusTables>) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction()
  const configured =
    dialect === 'mysql' && !readCommitted ? transaction.setIsolationLevel('read committed') : transaction
  return retryOnConflict(() => configured.execute(work))
}
