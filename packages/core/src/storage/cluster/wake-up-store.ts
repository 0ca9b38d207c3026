import { type RawBuilder, sql } from 'kysely'
import type { Lane, StoredWakeUp, WakeUpPosition, WakeUpStore } from '../../cluster/wake-ups/wake-up-store-port.ts'
import type { Clock } from '../../common/runtime.ts'
import type { Database } from '../database.ts'
import { orIgnore } from '../dialect-statements.ts'

/** Rows of ended nodes are kept for longer than clocks of nodes differ. */
const leftoversKeptMs = 10 * 60_000

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
    return rows.map(({ node, lane, seq }) => ({ node, lane: lane as Lane, seq }))
  }

  async read(after: readonly WakeUpPosition[], newestNode: number, limit: number): Promise<StoredWakeUp[]> {
    const ranges = [
      ...after.map(({ node, lane, seq }) => sql`node = ${node} and lane = ${lane} and seq > ${seq}`),
      sql`node > ${newestNode}`,
    ]
    // One range of the primary key for each member: an `or` of all of them is a scan of the table for some planners.
    const members = ranges.map((range, index) => member(range, index, limit))
    const { rows } = await sql<StoredWakeUp>`${sql.join(members, sql` union all `)}`.execute(this.#database.db)
    return rows
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
      .where('created_at', '<', this.#clock() - leftoversKeptMs)
      .execute()
  }
}

/** A derived table, because SQLite allows a limit only around a whole union. */
function member(range: RawBuilder<unknown>, index: number, limit: number): RawBuilder<unknown> {
  const rows = sql`select node, lane, seq, content from focus_wake_ups where ${range} order by node, lane, seq limit ${limit}`
  return sql`select node, lane, seq, content from (${rows}) ${sql.raw(`r${index}`)}`
}
