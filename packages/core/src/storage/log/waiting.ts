import { CompiledQuery, type Kysely, type Transaction } from 'kysely'
import type { DueRow, EntrySource, LogEntry, PendingRow } from '../../notifications/log.ts'
import type { Receipt } from '../../notifications/types.ts'
import type { Database } from '../database.ts'

const insertPending = 'insert into focus_pending (id, request, created_at) values (?, ?, ?)'

/** What waits to enter a stream: left by callers' transactions, or for a later moment. */
export class WaitingRows {
  readonly #db: Database['db']

  constructor(db: Database['db']) {
    this.#db = db
  }

  pendingInsert({ id, request, createdAt }: PendingRow): { sql: string; parameters: readonly unknown[] } {
    return { sql: insertPending, parameters: [id, encodeRequest(request), createdAt] }
  }

  transaction<DB, T>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, leave: (row: PendingRow) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    return db.transaction().execute((trx) =>
      work(trx, async (row) => {
        const { sql, parameters } = this.pendingInsert(row)
        await trx.executeQuery(CompiledQuery.raw(sql, [...parameters]))
      }),
    )
  }

  async pending(limit: number): Promise<PendingRow[]> {
    const rows = await this.#db.selectFrom('focus_pending').selectAll().orderBy('id').limit(limit).execute()
    return rows.map(({ id, request, created_at }) => ({ id, request: decodeRequest(request), createdAt: created_at }))
  }

  async due(now: number, limit: number): Promise<DueRow[]> {
    const rows = await this.#db
      .selectFrom('focus_scheduled')
      .select(['id', 'entry'])
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(({ id, entry }) => {
      const scheduled = readEntry(entry)
      // It is as old as its delivery, and what waited gives way to the row in the stream.
      return { id, entry: scheduled && { ...scheduled, createdAt: now, source: { table: 'scheduled', id } } }
    })
  }

  async nextDue(): Promise<number | null> {
    const row = await this.#db
      .selectFrom('focus_scheduled')
      .select('due_at')
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst()
    return row?.due_at ?? null
  }

  async discard({ table, id }: EntrySource): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom(table === 'pending' ? 'focus_pending' : 'focus_scheduled')
      .where('id', '=', id)
      .executeTakeFirst()
    return numDeletedRows > 0n
  }

  async find(id: string): Promise<Receipt | null> {
    const row = await this.#db
      .selectFrom('focus_notifications')
      .select('offset')
      .where('id', '=', id)
      .executeTakeFirst()
    if (row) return { outcome: 'created', id, offset: row.offset }
    const merge = await this.#db
      .selectFrom('focus_merges')
      .select(['target_id', 'offset'])
      .where('id', '=', id)
      .executeTakeFirst()
    if (merge) return { outcome: 'merged', id: merge.target_id, offset: merge.offset }
    const waiting = await this.#db.selectFrom('focus_scheduled').select('id').where('id', '=', id).executeTakeFirst()
    return waiting ? { outcome: 'scheduled', id } : null
  }
}

/**
 * Letters, digits, `-` and `_` only: the statement runs in sessions of the caller's, with the caller's driver, and must mean
 * the same whatever their modes and escapes are (S41).
 */
function encodeRequest(json: string): string {
  return Buffer.from(json).toString('base64url')
}

/** Rows of earlier versions hold the JSON itself. */
function decodeRequest(request: string): string {
  return request.startsWith('{') ? request : Buffer.from(request, 'base64url').toString()
}

/** Null for what is no JSON; JSON in this column was written by the log itself. */
function readEntry(json: string): LogEntry | null {
  try {
    return JSON.parse(json) as LogEntry
  } catch {
    return null
  }
}
