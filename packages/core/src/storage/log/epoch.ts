import { randomBytes } from 'node:crypto'
import type { Database } from '../database.ts'
import { orIgnore } from '../dialect-statements.ts'

/**
 * The epoch of this database: created at its first start, the same on every node. It changes only when an operator rotates
 * it after restoring a backup, so that clients notice that their positions are invalid.
 */
export class Epoch {
  readonly #db: Database['db']
  readonly #listeners = new Set<() => void>()
  #current: string

  static async open(database: Database): Promise<Epoch> {
    const { db } = database
    const insert = db.insertInto('focus_meta').values({ name: 'epoch', value: newEpoch() })
    // If several nodes start together, the first inserts it and the others read it.
    await orIgnore(database, insert).execute()
    return new Epoch(db, await readEpoch(db))
  }

  private constructor(db: Database['db'], current: string) {
    this.#db = db
    this.#current = current
  }

  /** The epoch that this node read last: it notices another node's rotation with the next `refresh`. */
  get current(): string {
    return this.#current
  }

  /** Calls back after each rotation, on any node. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  async refresh(): Promise<void> {
    const before = this.#current
    this.#current = await readEpoch(this.#db)
    if (this.#current === before) return
    for (const listener of this.#listeners) listener()
  }

  async rotate(): Promise<string> {
    await this.#db.updateTable('focus_meta').set({ value: newEpoch() }).where('name', '=', 'epoch').execute()
    await this.refresh()
    return this.#current
  }
}

async function readEpoch(db: Database['db']): Promise<string> {
  const row = await db.selectFrom('focus_meta').select('value').where('name', '=', 'epoch').executeTakeFirstOrThrow()
  return row.value
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url')
}
