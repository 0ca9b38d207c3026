import type { Database } from './database.ts'
import type { OneTimeTable } from './tables.ts'

/** Inserts a row of `focus_one_time` unless one of its kind and hash exists; returns whether this call inserted it. */
export async function insertIfAbsent({ db, dialect }: Database, row: OneTimeTable): Promise<boolean> {
  const insert = db.insertInto('focus_one_time').values(row)
  const { numInsertedOrUpdatedRows } = await (dialect === 'mysql'
    ? insert.ignore()
    : insert.onConflict((conflict) => conflict.doNothing())
  ).executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}
