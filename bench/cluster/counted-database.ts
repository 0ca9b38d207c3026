import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

/** Counters of a database server since its start. */
export interface Counts {
  readonly statements: number
  readonly transactions: number
  readonly rowsInserted: number
  /** Bytes to and from the clients; NaN where the server does not count them. */
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface CountedDatabase {
  read(): Promise<Counts>
  connections(): Promise<number>
  /** Returns the bytes that a notification takes in its table and the indexes. */
  bytesOfNotification(): Promise<number>
  close(): Promise<void>
}

const names = ['statements', 'transactions', 'rowsInserted', 'bytesIn', 'bytesOut'] as const

export function each(of: Counts, compute: (value: number, name: keyof Counts) => number): Counts {
  return Object.fromEntries(names.map((name) => [name, compute(of[name], name)])) as unknown as Counts
}

export function openCounted(url: string): Promise<CountedDatabase> {
  return url.startsWith('postgres') ? openPostgres(url) : openMariadb(url)
}

async function openMariadb(url: string): Promise<CountedDatabase> {
  const connection = await createConnection(url)
  const status = async () => {
    const [rows] = await connection.query('show global status')
    const pairs = (rows as { Variable_name: string; Value: string }[]).map(
      ({ Variable_name: name, Value }) => [name, Number(Value)] as const,
    )
    const all = new Map(pairs)
    return (name: string) => all.get(name) ?? Number.NaN
  }
  return {
    async read() {
      const of = await status()
      return {
        statements: of('Questions'),
        transactions: of('Com_begin'),
        rowsInserted: of('Handler_write'),
        bytesIn: of('Bytes_received'),
        bytesOut: of('Bytes_sent'),
      }
    },
    connections: async () => (await status())('Threads_connected'),
    async bytesOfNotification() {
      await connection.query('analyze table focus_notifications')
      const [rows] = await connection.query(
        "select avg_row_length + index_length / greatest(table_rows, 1) as bytes from information_schema.tables where table_schema = database() and table_name = 'focus_notifications'",
      )
      return Math.round(Number((rows as { bytes: string }[])[0]?.bytes))
    },
    close: () => connection.end(),
  }
}

/** PostgreSQL counts transactions, of which each statement outside of one is one, and no bytes. */
async function openPostgres(url: string): Promise<CountedDatabase> {
  const client = new Client(url)
  await client.connect()
  const one = async (query: string) => {
    const { rows } = await client.query<Record<string, string>>(query)
    return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]))
  }
  return {
    async read() {
      const { commits = 0, inserted = 0 } = await one(
        'select xact_commit + xact_rollback as commits, tup_inserted + tup_updated as inserted from pg_stat_database where datname = current_database()',
      )
      return {
        statements: Number.NaN,
        transactions: commits,
        rowsInserted: inserted,
        bytesIn: Number.NaN,
        bytesOut: Number.NaN,
      }
    },
    async connections() {
      const { count = 0 } = await one('select count(*) from pg_stat_activity where datname = current_database()')
      return count
    },
    async bytesOfNotification() {
      const { bytes = 0 } = await one(
        "select pg_total_relation_size('focus_notifications') / greatest((select count(*) from focus_notifications), 1) as bytes",
      )
      return bytes
    },
    close: () => client.end(),
  }
}
