import type { Transaction } from 'kysely'
import type { Database } from './database.ts'
import { StorageError } from './dialects/storage-error.ts'
import type { FocusTables } from './tables.ts'

const maxAttempts = 5
/** No attempt starts later than this; each attempt has the time limit of its handle. */
const patienceMs = 5_000

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

/**
 * Runs a short transaction again when it lost to another one: in a deadlock, after waiting for a lock, or on a busy file.
 * `work` must be safe to repeat, because it was rolled back.
 */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === maxAttempts || performance.now() > until || !isConflict(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt))
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof StorageError && error.failure === 'contention'
}
