import type { Database } from '../database.ts'
import { orIgnore } from '../dialect-statements.ts'
import type { OneTimeTable } from '../tables.ts'

/** Inserts a row of `focus_one_time` unless one of its kind and hash exists; returns whether this call inserted it. */
export async function insertIfAbsent(database: Database, row: OneTimeTable): Promise<boolean> {
  const insert = orIgnore(database, database.db.insertInto('focus_one_time').values(row))
  const { numInsertedOrUpdatedRows } = await insert.executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}
