import { randomUUID } from 'node:crypto'
import { Pool, type PoolClient } from 'pg'
import { columns, type Contestant, sampleRow } from './contestant.ts'

const list = columns.map((name) => `"${name}"`).join(', ')
const arrays = columns.map((name, index) => `$${index + 1}::${isNumber(name) ? 'bigint' : 'text'}[]`).join(', ')
const insert = `insert into focus_notifications (${list}) select * from unnest(${arrays})`

function isNumber(name: string): boolean {
  return name === 'offset' || name.endsWith('_at')
}

/** The bare driver: statements of `each` rows, with one connection per caller. */
export function barePostgres(url: string, each: number, callers: number): Contestant {
  const pool = new Pool({ connectionString: url, max: callers })
  return {
    name: `pg, ${each} per statement, ${callers} connection${callers === 1 ? '' : 's'}`,
    callers,
    each,
    send: () => pool.query(insert, parametersOf(rowsOf(each))),
    close: () => pool.end(),
  }
}

const advance = `insert into focus_streams (user_key, head, unread, created_at)
  select * from unnest($1::text[], $2::bigint[], $2::bigint[], $3::bigint[])
  on conflict (user_key) do update set head = focus_streams.head + excluded.head,
    unread = focus_streams.unread + excluded.unread
  returning user_key, head, oldest`

/** The bare driver with the same work: a transaction that locks and advances the heads, inserts, and leaves its marker. */
export function barePostgresWithHeads(url: string, each: number): Contestant {
  const pool = new Pool({ connectionString: url, max: 1 })
  return {
    name: `pg with heads, ${each} per transaction, 1 connection`,
    callers: 1,
    each,
    async send() {
      const client = await pool.connect()
      await writeWithHeads(client, rowsOf(each))
      client.release()
    },
    close: () => pool.end(),
  }
}

async function writeWithHeads(client: PoolClient, rows: readonly Row[]): Promise<void> {
  const owners = Map.groupBy(rows, ([owner]) => String(owner))
  const counts = [...owners.values()].map((own) => own.length)
  await client.query('begin')
  await client.query(advance, [[...owners.keys()], counts, counts.map(() => Date.now())])
  await client.query(insert, parametersOf(rows))
  await client.query('insert into focus_commits values ($1, $2, $3)', [randomUUID(), 0, Date.now()])
  await client.query('commit')
}

type Row = readonly (string | number)[]

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, sampleRow)
}

function parametersOf(rows: readonly Row[]): unknown[] {
  return columns.map((_, column) => rows.map((row) => row[column]))
}
