import type { Transaction } from 'kysely'
import type { Database } from './database.ts'
import type { FocusTables } from './tables.ts'

/**
 * Runs `work` in a transaction: READ COMMITTED on MySQL, where the default level locks gaps and deadlocks; SQLite has one
 * level, and no name for it.
 */
export function inTransaction<T>(
  { db, dialect }: Database,
  work: (trx: Transaction<FocusTables>) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction()
  return (dialect === 'mysql' ? transaction.setIsolationLevel('read committed') : transaction).execute(work)
}
