import { type Expression, sql } from 'kysely'
import type { NewNode, NodeList, NodeStore } from '../../cluster/nodes/node-store-port.ts'
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

  async join({ name, address, version, startedAt, details }: NewNode): Promise<number> {
    const { db } = this.#database
    const now = this.#now
    const insert = db
      .insertInto('focus_nodes')
      .values({ name, address, version, details, started_at: startedAt ?? now, renewed_at: now })
    return insertedId(this.#database, insert)
  }

  async renew(id: number, leaseMs: number, details: string | null): Promise<boolean> {
    const { numUpdatedRows } = await this.#database.db
      .updateTable('focus_nodes')
      .set({ renewed_at: this.#now, ...(details !== null && { details }) })
      .where('id', '=', id)
      .where((row) => row('renewed_at', '>', row(this.#now, '-', leaseMs)))
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async list(): Promise<NodeList> {
    const rows = await this.#database.db
      .selectFrom('focus_nodes')
      .select(['id', 'name', 'address', 'version', 'started_at', 'renewed_at', sql<number>`${this.#now}`.as('now_at')])
      .orderBy('id')
      .execute()
    const nodes = rows.map(({ id, name, address, version, started_at, renewed_at }) => ({
      id,
      name,
      address,
      version,
      startedAt: started_at,
      renewedAt: renewed_at,
    }))
    return { now: rows[0]?.now_at ?? 0, nodes }
  }

  async details(ids: readonly number[]): Promise<Map<number, string>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#database.db
      .selectFrom('focus_nodes')
      .select(['id', 'details'])
      .where('id', 'in', [...ids])
      .execute()
    return new Map(rows.map(({ id, details }) => [id, details]))
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
