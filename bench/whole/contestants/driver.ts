import { randomBytes } from 'node:crypto'
import { createFocus } from '@focus-api/core'
import type { Contestant } from '../../harness/contestant.ts'
import { makeTransaction, type WriteTransaction } from './driver-rows.ts'
import { openMysql } from './driver-mysql.ts'
import { openPostgres } from './driver-postgres.ts'
import { openSqlite } from './driver-sqlite.ts'

/**
 * The bare driver of a database with the same work as a batch of Focus: one transaction advances the heads of the streams and inserts
 * the notifications, in tables that Focus created. Nothing else: no check of a user, no text, no delivery.
 */
export async function driver(database: string): Promise<Contestant> {
  // Creates the tables.
  await (await createFocus({ database, secret: randomBytes(32).toString('base64'), env: {} })).close()
  const write = await openWriter(database)
  return {
    listen: async () => 0,
    notify: () => undefined,
    write: async (rows) => write(makeTransaction(rows)),
  }
}

function openWriter(database: string): Promise<WriteTransaction> {
  if (database.startsWith('mysql:')) return openMysql(database)
  if (database.startsWith('postgres')) return openPostgres(database)
  return openSqlite(database.replace('sqlite:', ''))
}
