import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../database.ts'
import { lockRows } from '../dialect-statements.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import { sharedStream } from './event-rows.ts'

/** The position of a notification. */
export interface Position {
  readonly user_key: string
  readonly offset: number
}

/** Rows are removed at the oldest end of their stream (`tail`), or leave a hole in it as a deleted notification does. */
export type Where = 'tail' | 'hole'

/** The change of one stream by a deletion. */
interface Loss {
  readonly owner: string
  readonly unread: number
  /** The oldest offset that remains, at least; 0 to leave it. */
  readonly oldest: number
  /** 1 when readers must notice that notifications are gone. */
  readonly revision: 0 | 1
}

/** Deletes notifications of any streams in one short transaction: the number of statements does not depend on that of streams. */
export async function pruneRows(database: Database, rows: readonly Position[], where: Where): Promise<void> {
  if (rows.length === 0) return
  await inTransaction(database, async (trx) => {
    await lockStreams(database, trx, [...new Set(rows.map((row) => row.user_key))])
    // Read again under the locks: some may have been read, deleted, or moved by a merge.
    const present = await trx
      .selectFrom('focus_notifications')
      .select(['user_key', 'offset', 'read_at'])
      .where(isAmong(database, ['user_key', 'offset'], rows))
      .execute()
    if (present.length === 0) return
    await trx
      .deleteFrom('focus_notifications')
      .where(isAmong(database, ['user_key', 'offset'], present))
      .execute()
    const losses = [...Map.groupBy(present, (row) => row.user_key)].map(([owner, own]): Loss => {
      const shared = owner === sharedStream
      const unread = shared ? 0 : own.filter((row) => row.read_at === null).length
      // Readers show the notifications of holes, so those change the revision even when read. They do not show the tail.
      const revision = unread > 0 || shared || where === 'hole' ? 1 : 0
      // Advances in the transaction that deletes, so that no reader takes a pruned stream for a complete one.
      const oldest = where === 'tail' ? Math.max(...own.map((row) => row.offset)) + 1 : 0
      return { owner, unread, oldest, revision }
    })
    await updateStreams(database, losses).execute(trx)
    const broadcasts = present.filter((row) => row.user_key === sharedStream).map((row) => row.offset)
    if (broadcasts.length > 0) {
      await trx.deleteFrom('focus_broadcast_states').where('offset', 'in', broadcasts).execute()
    }
  })
}

/** Returns a condition for the rows whose keys are in a list, found by index on every database. */
export function isAmong<Key extends string>(
  { dialect }: Pick<Database, 'dialect'>,
  keys: readonly Key[],
  rows: readonly Readonly<Record<Key, string | number>>[],
): RawBuilder<boolean> {
  const list = sql.join(rows.map((row) => sql`(${sql.join(keys.map((key) => row[key]))})`))
  return sql`(${sql.join(keys.map((key) => sql.ref(key)))}) in (${dialect === 'sqlite' ? sql`values ${list}` : list})`
}

/** Locks heads without a change, in the order in which the committer locks them. */
async function lockStreams(
  database: Database,
  trx: Transaction<FocusTables>,
  owners: readonly string[],
): Promise<void> {
  const streams = trx.selectFrom('focus_streams').select('user_key').where('user_key', 'in', owners).orderBy('user_key')
  if (database.syntax.rowLocks) return void (await lockRows(database, streams).execute())
  // A transaction of SQLite is alone from its first write on.
  await trx
    .updateTable('focus_streams')
    .set((set) => ({ head: set.ref('head') }))
    .where('user_key', '=', owners[0] ?? sharedStream)
    .execute()
}

/** Returns one statement that takes each loss from its stream. */
function updateStreams({ syntax }: Database, losses: readonly Loss[]): RawBuilder<unknown> {
  const isMysql = syntax.upsert === 'on duplicate key'
  // PostgreSQL does not know the types of values that are compared with nothing.
  const number = (value: number) => (isMysql ? sql`${value}` : sql`cast(${value} as bigint)`)
  const key = (value: string) => (isMysql ? sql`${value}` : sql`cast(${value} as text)`)
  const rows = losses.map(
    ({ owner, unread, oldest, revision }) =>
      sql`select ${key(owner)} as owner, ${number(unread)} as lost, ${number(revision)} as revision, ${number(oldest)} as remaining`,
  )
  const gone = sql`(${sql.join(rows, sql` union all `)}) as gone`
  const changes = sql`
    unread = unread - gone.lost, state_rev = state_rev + gone.revision,
    oldest = case when oldest < gone.remaining then gone.remaining else oldest end`
  return isMysql
    ? sql`update focus_streams join ${gone} on focus_streams.user_key = gone.owner set ${changes}`
    : sql`update focus_streams set ${changes} from ${gone} where focus_streams.user_key = gone.owner`
}
