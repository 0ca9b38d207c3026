import BetterSqlite3 from 'better-sqlite3'
import { columns, type Transaction, type WriteTransaction } from './driver-rows.ts'

const list = columns.map((name) => `"${name}"`).join(', ')
const insertRow = `insert into focus_notifications (${list}) values (${columns.map(() => '?').join(', ')})`
const advance = `insert into focus_streams (user_key, head, unread, created_at) values (?, ?, ?, ?)
  on conflict (user_key) do update set head = focus_streams.head + excluded.head, unread = focus_streams.unread + excluded.unread
  returning head`

/** better-sqlite3 with prepared statements, WAL and `synchronous = FULL`. */
export async function openSqlite(file: string): Promise<WriteTransaction> {
  const db = new BetterSqlite3(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  const advanceHead = db.prepare<[string, number, number, number], { head: number }>(advance)
  const insert = db.prepare(insertRow)
  const write = db.transaction(({ counts, rows }: Transaction) => {
    const now = Date.now()
    const heads = new Map<string, number>()
    for (const [user, count] of counts) heads.set(user, advanceHead.get(user, count, count, now)?.head ?? 0)
    for (const row of rows((user) => heads.get(user) ?? 0)) insert.run(row)
  })
  return (transaction) => write.immediate(transaction)
}
