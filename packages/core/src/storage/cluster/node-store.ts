import { type Expression, sql } from 'kysely'
import type { NewNode, NodeList, NodeReport, NodeStore } from '../../cluster/nodes/node-store-port.ts'
import type { Database } from '../database.ts'
import { insertedId } from '../dialect-statements.ts'

/** `NodeStore` over `focus_nodes`. Only the database's clock is used, so that the clocks of the nodes do not matter. */
export class KyselyNodeStore implements NodeStore {
  readonly #database: Database
  readonly #now: Expression<number>

  constructor(database: Database) {
    this.#database = database
    this.#now = sql<number>`${sql.raw(database.syntax.now)}`
  }

  async join({ name, address, version, startedAt }: NewNode): Promise<number> {
    const { db } = this.#database
    const now = this.#now
    const insert = db.insertInto('focus_nodes').values({
      name,
      address,
      version,
      started_at: startedAt ?? now,
      renewed_at: now,
      broker_away: 0,
      details: '{}',
      sample: '{}',
    })
    return insertedId(this.#database, insert)
  }

  async renew(id: number, leaseMs: number, { brokerAway, details, sample }: NodeReport): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.db
      .updateTable('focus_nodes')
      .set({
        renewed_at: this.#now,
        broker_away: brokerAway ? 1 : 0,
        ...(details !== null && { details }),
        ...(sample !== null && { sample }),
      })
      .where('id', '=', id)
      .where((row) => row('renewed_at', '>', row(this.#now, '-', leaseMs)))
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async list(): Promise<NodeList> {
    const rows = await this.#database.db
      .selectFrom('focus_nodes')
      .select(['id', 'name', 'address', 'version', 'started_at', 'renewed_at', 'broker_away'])
      .select(sql<number>`${this.#now}`.as('now_at'))
      .orderBy('id')
      .execute()
    const nodes = rows.map(({ id, name, address, version, started_at, renewed_at, broker_away }) => ({
      id,
      name,
      address,
      version,
      startedAt: started_at,
      renewedAt: renewed_at,
      brokerAway: broker_away === 1,
    }))
    return { now: rows[0]?.now_at ?? 0, nodes }
  }

  async newest(): Promise<number> {
    const row = await this.#database.db
      .selectFrom('focus_nodes')
      .select((node) => node.fn.max('id').as('id'))
      .executeTakeFirst()
    return row?.id ?? 0
  }

  async texts(column: 'details' | 'sample', ids: readonly number[]): Promise<Map<number, string>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#database.db
      .selectFrom('focus_nodes')
      .select(['id', `${column} as content`])
      .where('id', 'in', [...ids])
      .execute()
    return new Map(rows.map(({ id, content }) => [id, content]))
  }

  async leave(id: number): Promise<void> {
    await this.#database.db.deleteFrom('focus_nodes').where('id', '=', id).execute()
  }

  async prune(keptMs: number): Promise<void> {
    await this.#database.db
      .deleteFrom('focus_nodes')
      .where((row) =>
        row.or([
          row('renewed_at', '<', row(this.#now, '-', keptMs)),
          row('renewed_at', '>', row(this.#now, '+', keptMs)),
        ]),
      )
      .execute()
  }
}
