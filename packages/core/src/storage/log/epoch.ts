import { randomBytes } from 'node:crypto'
import type { Database } from '../database.ts'
import { orIgnore } from '../dialect-statements.ts'

/**
 * The epoch of this database: made at its first start, the same on every node. It changes only when an operator rotates it
 * after restoring a backup, so that clients notice that their positions mean nothing any more.
 */
export class Epoch {
  readonly #db: Database['db']
  readonly #listeners = new Set<() => void>()
  #current: string

  static async open(database: Database): Promise<Epoch> {
    const { db } = database
    const insert = db.insertInto('focus_meta').values({ name: 'epoch', value: newEpoch() })
    // Of several nodes that start at once, the first makes it and the others find it.
    await orIgnore(database, insert).execute()
    return new Epoch(db, await readEpoch(db))
  }

  private constructor(db: Database['db'], current: string) {
    this.#db = db
    this.#current = current
  }

  /** As this node knows it: another node's rotation is noticed with the next `refresh`. */
  get current(): string {
    return this.#current
  }

  /** Called after each rotation, on whichever node it was asked for. */
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
