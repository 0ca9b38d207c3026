import type { Database } from '../../../core/src/storage/database.ts'

const userTables = [
  'focus_users',
  'focus_accounts',
  'focus_unlinked_issuers',
  'focus_sessions',
  'focus_refresh_tokens',
  'focus_one_time',
] as const
const serverTables = ['focus_signing_keys', 'focus_meta', 'focus_nodes'] as const

/** Removes all users with their sessions and unfinished sign-ins, and keeps the rows that a running server needs. */
export async function removeUsers({ db }: Database): Promise<void> {
  for (const table of userTables) await db.deleteFrom(table).execute()
}

/** Removes all users, the keys of the server, and the list of its nodes. */
export async function removeRows(database: Database): Promise<void> {
  await removeUsers(database)
  for (const table of serverTables) await database.db.deleteFrom(table).execute()
}
