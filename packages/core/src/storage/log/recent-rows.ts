import type { Kysely } from 'kysely'
import type { LoggedNotification } from '../../notifications/ports.ts'
import type { FocusTables } from '../tables.ts'
import { sharedStream } from './event-rows.ts'

/** Reads the newest notifications of all streams, by the time of their call. */
export async function readRecent(db: Kysely<FocusTables>, limit: number): Promise<LoggedNotification[]> {
  const rows = await recentRows(db, limit).execute()
  return rows.map(({ user_key, created_at: timestamp, read_at: readAt, ...row }) => ({
    ...row,
    userKey: user_key === sharedStream ? null : user_key,
    timestamp,
    readAt,
  }))
}

/**
 * Returns the query of the newest rows. Ids start with their time, so their unique index is read backwards, up to `limit`. The
 * rows are joined in a second step, because MariaDB sorts the table if the index does not hold all columns.
 */
export function recentRows(db: Kysely<FocusTables>, limit: number) {
  const newest = db.selectFrom('focus_notifications').select('id').orderBy('id', 'desc').limit(limit)
  return db
    .selectFrom(newest.as('newest'))
    .innerJoin('focus_notifications as row', 'row.id', 'newest.id')
    .select([
      'row.id',
      'row.user_key',
      'row.offset',
      'row.type',
      'row.title',
      'row.event',
      'row.count',
      'row.created_at',
      'row.read_at',
    ])
    .orderBy('newest.id', 'desc')
}
