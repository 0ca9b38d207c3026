import { type RawBuilder, sql } from 'kysely'
import type { Lane, StoredWakeUp, WakeUpPosition, WakeUpStore } from '../../cluster/wake-ups/wake-up-store-port.ts'
import type { Clock } from '../../common/runtime.ts'
import type { Database } from '../database.ts'
import { orIgnore } from '../dialect-statements.ts'

/** Rows of ended nodes are kept for longer than clocks of nodes and of the database differ. */
const leftoversKeptMs = 10 * 60_000

/** Ranges of one statement: SQLite allows 500. An even number, so that both lanes of a node are read at one moment. */
const rangesAtOnce = 200

/** `WakeUpStore` over `focus_wake_ups`. */
export class KyselyWakeUpStore implements WakeUpStore {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  async newest(): Promise<WakeUpPosition[]> {
    const rows = await this.#database.db
      .selectFrom('focus_wake_ups')
      .select((row) => ['node', 'lane', row.fn.max('seq').as('seq')])
      .groupBy(['node', 'lane'])
      .execute()
    return rows.map(toPosition)
  }

  async read(after: readonly WakeUpPosition[], newestNode: number, limit: number): Promise<StoredWakeUp[]> {
    const newNodes = range(sql`node > ${newestNode}`, limit)
    const known = this.#database.dialect === 'postgres' ? joined(after, limit) : ranges(after, limit)
    const parts = [...known, newNodes]
    const found: StoredWakeUp[] = []
    for (let start = 0; start < parts.length; start += rangesAtOnce) {
      const statement = sql<StoredWakeUp>`${sql.join(parts.slice(start, start + rangesAtOnce), sql` union all `)}`
      found.push(...(await statement.execute(this.#database.db)).rows)
    }
    return found
      .map((row) => ({ ...toPosition(row), content: row.content }))
      .toSorted((a, b) => a.node - b.node || a.lane - b.lane || a.seq - b.seq)
  }

  async add({ node, lane, seq, content }: StoredWakeUp): Promise<void> {
    const insert = this.#database.db
      .insertInto('focus_wake_ups')
      .values({ node, lane, seq, content, created_at: this.#clock() })
    await orIgnore(this.#database, insert).execute()
  }

  async prune({ node, lane, seq }: WakeUpPosition): Promise<void> {
    await this.#database.db
      .deleteFrom('focus_wake_ups')
      .where('node', '=', node)
      .where('lane', '=', lane)
      .where('seq', '<=', seq)
      .execute()
  }

  async pruneLeftovers(): Promise<void> {
    await this.#database.db
      .deleteFrom('focus_wake_ups')
      .where('node', 'not in', (nodes) => nodes.selectFrom('focus_nodes').select('id'))
      .where('created_at', '<', sql<number>`${sql.raw(this.#database.syntax.now)} - ${leftoversKeptMs}`)
      .execute()
  }
}

/** One range of the primary key for each position: an `or` of all of them is a scan of the table for some planners. */
function ranges(after: readonly WakeUpPosition[], limit: number): RawBuilder<unknown>[] {
  return after.map(({ node, lane, seq }) => range(sql`node = ${node} and lane = ${lane} and seq > ${seq}`, limit))
}

/** The rows are in a derived table, because SQLite allows a limit only around a whole union. */
function range(condition: RawBuilder<unknown>, limit: number): RawBuilder<unknown> {
  const rows = sql`select node, lane, seq, content from focus_wake_ups where ${condition} order by node, lane, seq limit ${limit}`
  return sql`select node, lane, seq, content from (${rows}) part`
}

/** PostgreSQL plans each statement anew: a join with arrays is planned in the same time for any number of nodes. */
function joined(after: readonly WakeUpPosition[], limit: number): RawBuilder<unknown>[] {
  const column = (name: keyof WakeUpPosition) => sql`${after.map((position) => position[name])}::bigint[]`
  const rows = sql`select * from focus_wake_ups
    where node = known.node and lane = known.lane and seq > known.seq order by seq limit ${limit}`
  return [
    sql`select part.node, part.lane, part.seq, part.content
      from unnest(${column('node')}, ${column('lane')}, ${column('seq')}) as known (node, lane, seq)
      cross join lateral (${rows}) part`,
  ]
}

/** Drivers of applications may return 64-bit integers as text. */
function toPosition(row: { readonly node: unknown; readonly lane: unknown; readonly seq: unknown }): WakeUpPosition {
  return { node: Number(row.node), lane: Number(row.lane) as Lane, seq: Number(row.seq) }
}
