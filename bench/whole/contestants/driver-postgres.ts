import { Client } from 'pg'
import { columns, type WriteTransaction } from './driver-rows.ts'

const list = columns.map((name) => `"${name}"`).join(', ')
const numbers: readonly string[] = ['offset', 'count', 'created_at']
const arrays = columns.map((name, index) => `$${index + 1}::${numbers.includes(name) ? 'bigint' : 'text'}[]`).join(', ')
const insert = `insert into focus_notifications (${list}) select * from unnest(${arrays})`
const advance = `insert into focus_streams (user_key, head, unread, created_at)
  select * from unnest($1::text[], $2::bigint[], $2::bigint[], $3::bigint[])
  on conflict (user_key) do update set head = focus_streams.head + excluded.head,
    unread = focus_streams.unread + excluded.unread
  returning user_key, head`

/** pg with one connection: one statement for all heads, and one for all rows, with arrays as parameters. */
export async function openPostgres(url: string): Promise<WriteTransaction> {
  const client = new Client(url)
  await client.connect()
  return async ({ counts, rows }) => {
    const now = Date.now()
    await client.query('begin')
    const { rows: heads } = await client.query<{ user_key: string; head: string }>({
      name: 'advance',
      text: advance,
      values: [[...counts.keys()], [...counts.values()], [...counts.keys()].map(() => now)],
    })
    const headOf = new Map(heads.map(({ user_key: user, head }) => [user, Number(head)]))
    const values = rows((user) => headOf.get(user) ?? 0)
    await client.query({
      name: 'insert',
      text: insert,
      values: columns.map((_, column) => values.map((row) => row[column])),
    })
    await client.query('commit')
  }
}
