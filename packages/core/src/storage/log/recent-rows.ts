import type { Kysely } from 'kysely'
import type { LoggedNotification } from '../../notifications/ports.ts'
import type { FocusTables } from '../tables.ts'
import { sharedStream } from './event-rows.ts'

/** The newest rows of all streams, by when they were first asked for. */
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
 * Ids begin with their time: their unique index is read backwards, and no further than `limit`. The rows are fetched in a
 * second step, because MariaDB would rather sort a table than walk an index that does not hold all its columns.
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
