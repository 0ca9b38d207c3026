import { createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { columns, type WriteTransaction } from './driver-rows.ts'

const list = columns.map((name) => `\`${name}\``).join(', ')
const placeholders = (rows: number, each: string) => Array.from({ length: rows }, () => each).join(', ')
const row = `(${columns.map(() => '?').join(', ')})`

/** mysql2 with one connection: one statement for all heads, one that reads them, and one for all rows. */
export async function openMysql(url: string): Promise<WriteTransaction> {
  const connection = await createConnection(url)
  return async ({ counts, rows }) => {
    const now = Date.now()
    const users = [...counts.keys()]
    await connection.query('start transaction')
    await connection.query<ResultSetHeader>(
      `insert into focus_streams (user_key, head, unread, created_at) values ${placeholders(users.length, '(?, ?, ?, ?)')}
       on duplicate key update head = focus_streams.head + values(head), unread = focus_streams.unread + values(unread)`,
      [...counts].flatMap(([user, count]) => [user, count, count, now]),
    )
    const [heads] = await connection.query<(RowDataPacket & { user_key: string; head: number })[]>(
      `select user_key, head from focus_streams where user_key in (${placeholders(users.length, '?')})`,
      users,
    )
    const headOf = new Map(heads.map(({ user_key: user, head }) => [user, head]))
    const values = rows((user) => headOf.get(user) ?? 0)
    await connection.query(
      `insert into focus_notifications (${list}) values ${placeholders(values.length, row)}`,
      values.flat(),
    )
    await connection.query('commit')
  }
}
