import { CompiledQuery, type Kysely, sql, type Transaction } from 'kysely'
import type { PendingRow, WaitingRow } from '../../notifications/log-port.ts'
import type { EntrySource, LogEntry } from '../../notifications/log-entry-port.ts'
import type { Receipt } from '../../notifications/ports.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import { DeferredRows, type StoredRow } from './deferred-rows.ts'
import { toStorable } from '../../common/text/storable.ts'

const insertPending = 'insert into focus_pending (id, request, created_at) values'

/** Rows that wait to enter a stream: pending after a caller's transaction, scheduled, deferred by a rate, or parked after a failure. */
export class WaitingRows {
  readonly #database: Database
  readonly #deferred: DeferredRows

  constructor(database: Database) {
    this.#database = database
    this.#deferred = new DeferredRows(database)
  }

  pendingInsert({ id, request, createdAt }: PendingRow): { sql: string; parameters: readonly unknown[] } {
    const { placeholder } = this.#database.syntax
    const values = [id, encodeRequest(request), createdAt]
    if (placeholder !== null)
      return { sql: `${insertPending} (${values.map(() => placeholder).join(', ')})`, parameters: values }
    return { sql: `${insertPending} (${values.map(plainLiteral).join(', ')})`, parameters: [] }
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

  /** Reads rows that are due, at most `limit` of each table. */
  async due(now: number, limit: number): Promise<WaitingRow[]> {
    const rows = [
      ...(await this.#pending(limit)),
      ...(await this.#scheduled(now, limit)),
      ...(await this.#parked(now, limit)),
      ...(await this.#deferred.due(now, limit)),
    ]
    return rows.map((row) => ({ source: row.source, attempts: row.attempts, content: readContent(row, now) }))
  }

  /** Reads the ends of four indexes in one statement: it runs every second, and must not cost more with more rows. */
  async nextDue(): Promise<number | null> {
    const { rows } = await sql<{ due_at: number | null }>`
      select case when exists (select 1 from focus_pending) then 0 end as due_at
      union all select min(due_at) from focus_scheduled
      union all select min(due_at) from focus_deferred_queues
      union all select min(retry_at) from focus_parked`.execute(this.#database.db)
    const moments = rows.flatMap(({ due_at }) => (due_at === null ? [] : [due_at]))
    return moments.length === 0 ? null : Math.min(...moments)
  }

  async discard({ table, id }: EntrySource): Promise<boolean> {
    const { db } = this.#database
    const present = await db.selectFrom(tableNames[table]).select('id').where('id', '=', id).executeTakeFirst()
    if (!present) return false
    const { numDeletedRows } = await db.deleteFrom(tableNames[table]).where('id', '=', id).executeTakeFirst()
    return numDeletedRows > 0n
  }

  async park({ table, id }: EntrySource, why: string, retryAt: number | null, now: number): Promise<void> {
    const reason = toStorable(why)
    await inTransaction(this.#database, async (trx) => {
      if (table === 'parked') {
        await trx
          .updateTable('focus_parked')
          .set((set) => ({ attempts: set('attempts', '+', 1), retry_at: retryAt, reason }))
          .where('id', '=', id)
          .execute()
        return
      }
      const content = await readWaiting(trx, table, id)
      if (content === undefined) return
      await trx.deleteFrom(tableNames[table]).where('id', '=', id).execute()
      await trx
        .insertInto('focus_parked')
        .values({ id, source: table, content, attempts: 1, retry_at: retryAt, reason, parked_at: now })
        .execute()
    })
  }

  async parkedCounts(): Promise<{ readonly retried: number; readonly parked: number }> {
    const row = await this.#database.db
      .selectFrom('focus_parked')
      .select((select) => [select.fn.countAll().as('all'), select.fn.count('retry_at').as('retried')])
      .executeTakeFirstOrThrow()
    const retried = Number(row.retried)
    return { retried, parked: Number(row.all) - retried }
  }

  /** Deletes old parked rows, and corrects times that were written before a clock was set back. */
  async upkeep(now: number, oldest: number): Promise<void> {
    const { db } = this.#database
    await this.#deferred.upkeep(now)
    const parked = db.selectFrom('focus_parked').select('id').limit(maxCorrections)
    const ahead = await parked.where('retry_at', '>', now + furthestRetryMs).execute()
    if (ahead.length > 0) {
      await db.updateTable('focus_parked').set({ retry_at: now }).where('id', 'in', ids(ahead)).execute()
    }
    const old = await parked.where('parked_at', '<', oldest).execute()
    if (old.length > 0) await db.deleteFrom('focus_parked').where('id', 'in', ids(old)).execute()
  }

  async find(id: string): Promise<Receipt | null> {
    const { db } = this.#database
    const row = await db.selectFrom('focus_notifications').select('offset').where('id', '=', id).executeTakeFirst()
    if (row) return { outcome: 'created', id, offset: row.offset }
    const merge = await db
      .selectFrom('focus_merges')
      .select(['target_id', 'offset'])
      .where('id', '=', id)
      .executeTakeFirst()
    if (merge) return { outcome: 'merged', id: merge.target_id, offset: merge.offset }
    for (const table of ['scheduled', 'deferred', 'parked'] as const) {
      const waiting = await db.selectFrom(tableNames[table]).select('id').where('id', '=', id).executeTakeFirst()
      if (waiting) return { outcome: table === 'deferred' ? 'deferred' : 'scheduled', id }
    }
    return null
  }

  async #pending(limit: number): Promise<StoredRow[]> {
    const rows = await this.#database.db.selectFrom('focus_pending').selectAll().orderBy('id').limit(limit).execute()
    return rows.map(({ id, request, created_at }) => ({
      source: { table: 'pending', id },
      attempts: 0,
      content: request,
      requestedAt: created_at,
    }))
  }

  async #scheduled(now: number, limit: number): Promise<StoredRow[]> {
    const rows = await this.#database.db
      .selectFrom('focus_scheduled')
      .select(['id', 'entry'])
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(({ id, entry }) => ({
      source: { table: 'scheduled', id },
      attempts: 0,
      content: entry,
      requestedAt: null,
    }))
  }

  async #parked(now: number, limit: number): Promise<StoredRow[]> {
    const rows = await this.#database.db
      .selectFrom('focus_parked')
      .selectAll()
      .where('retry_at', '<=', now)
      .orderBy('retry_at')
      .limit(limit)
      .execute()
    return rows.map(({ id, source, attempts, content, parked_at }) => ({
      source: { table: 'parked', id },
      attempts,
      content,
      requestedAt: source === 'pending' ? parked_at : null,
    }))
  }
}

/** No retry is planned further ahead. */
const furthestRetryMs = 2 * 3_600_000
const maxCorrections = 200

function ids(rows: readonly { readonly id: string }[]): string[] {
  return rows.map(({ id }) => id)
}

const tableNames = {
  pending: 'focus_pending',
  scheduled: 'focus_scheduled',
  deferred: 'focus_deferred',
  parked: 'focus_parked',
} as const

async function readWaiting(
  trx: Transaction<FocusTables>,
  table: 'pending' | 'scheduled' | 'deferred',
  id: string,
): Promise<string | undefined> {
  if (table !== 'pending') {
    const row = await trx.selectFrom(tableNames[table]).select('entry').where('id', '=', id).executeTakeFirst()
    return row?.entry
  }
  const row = await trx.selectFrom('focus_pending').select('request').where('id', '=', id).executeTakeFirst()
  return row?.request
}

function readContent({ source, content, requestedAt }: StoredRow, now: number): WaitingRow['content'] {
  if (requestedAt !== null) {
    return { request: { id: source.id, request: decodeRequest(content), createdAt: requestedAt } }
  }
  const entry = readEntry(content)
  // The time of the notification is that of its delivery; the commit deletes the waiting row.
  return entry && { entry: { ...entry, createdAt: now, source } }
}

/**
 * Encodes a request in letters, digits, `-` and `_` only: the statement runs in the caller's session and driver, whose modes
 * and escapes must not change it (S41).
 */
function encodeRequest(json: string): string {
  return Buffer.from(json).toString('base64url')
}

/** Writes a value into a statement: a number, or a text of letters, digits, `-` and `_`. */
function plainLiteral(value: string | number): string {
  if (!/^[\w-]*$/.test(String(value))) throw new TypeError('only plain values are written into statements')
  return typeof value === 'number' ? String(value) : `'${value}'`
}

/** Rows of earlier versions hold the JSON itself. */
function decodeRequest(request: string): string {
  return request.startsWith('{') ? request : Buffer.from(request, 'base64url').toString()
}

/** Returns null unless the text is JSON; the log itself wrote any JSON in this column. */
function readEntry(json: string): LogEntry | null {
  try {
    return JSON.parse(json) as LogEntry
  } catch {
    return null
  }
}
