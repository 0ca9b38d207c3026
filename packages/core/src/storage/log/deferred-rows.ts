import { clockSkewMs } from '../../common/time/clock-skew.ts'
import type { EntrySource } from '../../notifications/log-entry-port.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import type { Selectable } from 'kysely'

/** A row of a waiting table. */
export interface StoredRow {
  readonly source: EntrySource
  readonly attempts: number
  readonly content: string
  /** When a caller's transaction stored it, in milliseconds since 1970; null for entries of the log. */
  readonly requestedAt: number | null
}

type Queue = Pick<Selectable<FocusTables['focus_deferred_queues']>, 'user_key' | 'rate_key' | 'room'>

const maxQueuesPerRead = 100

/**
 * Rows that wait for a rate. Reads only as many rows of a queue as the rate has room for, and none before it has room,
 * however many wait.
 */
export class DeferredRows {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async due(now: number, limit: number): Promise<StoredRow[]> {
    const queues = await this.#database.db
      .selectFrom('focus_deferred_queues')
      .select(['user_key', 'rate_key', 'room'])
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .limit(maxQueuesPerRead)
      .execute()
    const rows = await Promise.all(queues.map((queue) => this.#first(queue, limit)))
    return rows.flat()
  }

  async upkeep(now: number): Promise<void> {
    const { db } = this.#database
    const ahead = await db
      .selectFrom('focus_deferred_queues')
      .select(['user_key', 'rate_key'])
      .where('planned_at', '>', now + clockSkewMs)
      .limit(maxQueuesPerRead)
      .execute()
    for (const { user_key, rate_key } of ahead) {
      await db
        .updateTable('focus_deferred_queues')
        .set({ due_at: now, planned_at: now })
        .where('user_key', '=', user_key)
        .where('rate_key', '=', rate_key)
        .execute()
    }
  }

  async #first(queue: Queue, limit: number): Promise<StoredRow[]> {
    const rows = await this.#database.db
      .selectFrom('focus_deferred')
      .select(['id', 'entry'])
      .where('user_key', '=', queue.user_key)
      .where('rate_key', '=', queue.rate_key)
      .orderBy('id')
      .limit(Math.min(queue.room, limit))
      .execute()
    if (rows.length === 0) await this.#deleteIfEmpty(queue)
    return rows.map(({ id, entry }) => ({
      source: { table: 'deferred', id },
      attempts: 0,
      content: entry,
      requestedAt: null,
    }))
  }

  async #deleteIfEmpty({ user_key, rate_key }: Queue): Promise<void> {
    await inTransaction(this.#database, async (trx) => {
      // Locks the head, as every commit that adds to the queue does.
      await trx
        .updateTable('focus_streams')
        .set((set) => ({ head: set.ref('head') }))
        .where('user_key', '=', user_key)
        .execute()
      const waiting = await trx
        .selectFrom('focus_deferred')
        .select('id')
        .where('user_key', '=', user_key)
        .where('rate_key', '=', rate_key)
        .limit(1)
        .executeTakeFirst()
      if (waiting) return
      await trx
        .deleteFrom('focus_deferred_queues')
        .where('user_key', '=', user_key)
        .where('rate_key', '=', rate_key)
        .execute()
    })
  }
}
