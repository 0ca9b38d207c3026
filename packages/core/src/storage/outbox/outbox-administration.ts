import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { DeliveryCount, DeliveryFilter, DeliveryInfo, DeliveryState } from '../../transports/outbox/outbox-port.ts'
import type { Database } from '../database.ts'
import { retryOnConflict } from '../transaction.ts'
import type { FocusTables } from '../tables.ts'

type Outbox = ExpressionBuilder<FocusTables, 'focus_outbox'>

/** The questions and changes of operators. */
export class OutboxAdministration {
  readonly #db: Kysely<FocusTables>
  readonly #unlimited: Kysely<FocusTables>

  constructor(database: Database) {
    this.#db = database.db
    this.#unlimited = database.withoutTimeLimit().db
  }

  /** Lists deliveries, the newest first. */
  async list(
    filter: DeliveryFilter,
    { now, limit, after }: { now: number; limit: number; after: number | null },
  ): Promise<DeliveryInfo[]> {
    let query = this.#db
      .selectFrom('focus_outbox')
      .selectAll()
      .where((where) => matches(where, filter, now))
      .orderBy('id', 'desc')
      .limit(limit)
    if (after !== null) query = query.where('id', '<', after)
    const rows = await query.execute()
    return rows.map((row) => {
      const { title, event } = JSON.parse(row.payload) as { title: string; event: string | null }
      return {
        id: row.id,
        transport: row.transport,
        userKey: row.user_key === '' ? null : row.user_key,
        notificationId: row.notification_id,
        offset: row.offset,
        event,
        title,
        state: stateOf(row, now),
        attempts: row.attempts,
        unless: row.cancel_if,
        createdAt: row.created_at,
        dueAt: row.dead_at === null && row.due_at > now ? row.due_at : null,
        deadAt: row.dead_at,
        lastError: row.last_error,
      }
    })
  }

  async counts(now: number): Promise<DeliveryCount[]> {
    const state = sql<DeliveryState>`case when dead_at is not null then 'dead'
      when lease is not null and due_at > ${now} then 'leased' else 'waiting' end`
    return this.#db
      .selectFrom('focus_outbox')
      .select((select) => [
        'transport',
        state.as('state'),
        select.fn.countAll<number>().as('count'),
        select.fn.min('created_at').as('oldest'),
      ])
      .groupBy(['transport', 'state'])
      .execute()
  }

  async retry(filter: DeliveryFilter, now: number): Promise<number> {
    const { numUpdatedRows } = await retryOnConflict(() =>
      this.#db
        .updateTable('focus_outbox')
        .set({ dead_at: null, due_at: 0, attempts: 0, touched_at: now, lease: null })
        .where((where) => where.and([matches(where, filter, now), where.not(isLeased(where, now))]))
        .executeTakeFirst(),
    )
    return Number(numUpdatedRows)
  }

  async purge(
    { deadBefore, ...filter }: DeliveryFilter & { readonly deadBefore?: number },
    now: number,
    limit: number,
  ): Promise<number> {
    let query = this.#unlimited
      .selectFrom('focus_outbox')
      .select('id')
      .where((where) => where.and([matches(where, filter, now), where.not(isLeased(where, now))]))
      .orderBy('id')
      .limit(limit)
    if (deadBefore !== undefined) query = query.where('dead_at', '<', deadBefore)
    const ids = (await query.execute()).map((row) => row.id)
    if (ids.length === 0) return 0
    const { numDeletedRows } = await retryOnConflict(() =>
      this.#unlimited
        .deleteFrom('focus_outbox')
        .where('id', 'in', ids)
        .where((where) => where.not(isLeased(where, now)))
        .executeTakeFirst(),
    )
    return Number(numDeletedRows)
  }
}

function isLeased(where: Outbox, now: number) {
  return where.and([where('dead_at', 'is', null), where('lease', 'is not', null), where('due_at', '>', now)])
}

function matches(where: Outbox, { state, transport, userKey, ids }: DeliveryFilter, now: number) {
  return where.and([
    ...(transport === undefined ? [] : [where('transport', '=', transport)]),
    ...(userKey === undefined ? [] : [where('user_key', '=', userKey)]),
    ...(ids === undefined ? [] : [where('id', 'in', [-1, ...ids])]),
    ...(state === 'dead' ? [where('dead_at', 'is not', null)] : []),
    ...(state === 'leased' ? [isLeased(where, now)] : []),
    ...(state === 'waiting' ? [where('dead_at', 'is', null), where.not(isLeased(where, now))] : []),
  ])
}

function stateOf(row: { dead_at: number | null; lease: string | null; due_at: number }, now: number): DeliveryState {
  if (row.dead_at !== null) return 'dead'
  return row.lease !== null && row.due_at > now ? 'leased' : 'waiting'
}
