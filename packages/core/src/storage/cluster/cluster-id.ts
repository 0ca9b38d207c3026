import { randomBytes } from 'node:crypto'
import type { Database } from '../database.ts'
import { orIgnore } from '../dialect-statements.ts'

/**
 * Returns the id of this database among those that share a Redis: created at its first start, the same on every node, and never
 * changed.
 */
export async function readClusterId(database: Database): Promise<string> {
  const { db } = database
  const insert = db.insertInto('focus_meta').values({ name: 'cluster', value: randomBytes(6).toString('base64url') })
  // If several nodes start together, the first inserts it and the others read it.
  await orIgnore(database, insert).execute()
  const row = await db.selectFrom('focus_meta').select('value').where('name', '=', 'cluster').executeTakeFirstOrThrow()
  return row.value
}
