import { randomBytes } from 'node:crypto'
import type { Database } from '../database.ts'

/**
 * The epoch of this database: made at its first start, the same on every node. It changes only when an operator rotates it
 * after restoring a backup, so that clients notice that their positions mean nothing any more.
 */
export async function readEpoch({ db, dialect }: Database): Promise<string> {
  const insert = db.insertInto('focus_meta').values({ name: 'epoch', value: newEpoch() })
  // Of several nodes that start at once, the first makes it and the others find it.
  await (dialect === 'mysql' ? insert.ignore() : insert.onConflict((conflict) => conflict.doNothing())).execute()
  const row = await db.selectFrom('focus_meta').select('value').where('name', '=', 'epoch').executeTakeFirstOrThrow()
  return row.value
}

export function newEpoch(): string {
  return randomBytes(6).toString('base64url')
}
