import type { Kysely } from 'kysely'
import type { FocusTables } from '../tables.ts'
import type { NotificationRow } from './event-rows.ts'

/**
 * Offsets that are looked up one by one. SQLite runs such a query in the event loop, because it reads no more rows than it names;
 * after a restart, thousands of clients resume who missed a few events each.
 */
const maxNamed = 16

/** Reads the rows of a stream with `after < offset <= upTo` that have not expired, ascending, at most `limit`. */
export async function readRange(
  db: Kysely<FocusTables>,
  owner: string,
  range: { readonly after: number; readonly upTo: number; readonly limit: number },
  now: number,
): Promise<NotificationRow[]> {
  const { after, upTo, limit } = range
  if (upTo <= after) return []
  const ofOwner = db.selectFrom('focus_notifications').selectAll().where('user_key', '=', owner)
  if (upTo - after <= maxNamed) {
    const offsets = Array.from({ length: upTo - after }, (_, index) => after + 1 + index)
    const rows = await ofOwner.where('offset', 'in', offsets).execute()
    const kept = rows.filter(({ expires_at }) => expires_at === null || expires_at > now)
    return kept.sort((a, b) => a.offset - b.offset).slice(0, limit)
  }
  return await ofOwner
    .where('offset', '>', after)
    .where('offset', '<=', upTo)
    // Expired notifications are not delivered, even in the seconds before their removal.
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
    .orderBy('offset')
    .limit(limit)
    .execute()
}
