import { type ExpressionBuilder, type Kysely, sql, type Transaction, type Updateable } from 'kysely'
import type {
  DeadDelivery,
  LeasedDelivery,
  LeaseRequest,
  LeaseResult,
  OutboxPayload,
  OutboxStore,
  Reschedule,
} from '../../transports/outbox/outbox-port.ts'
import { shorten } from '../../common/text/shorten.ts'
import type { Database } from '../database.ts'
import { OutboxAdministration } from './outbox-administration.ts'
import { type Candidate, OutboxCandidates } from './outbox-candidates.ts'
import { OutboxEscalations } from './outbox-escalations.ts'
import { reachedJson, reachedOf } from './outbox-rows.ts'
import { lockRows } from '../dialect-statements.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction, retryOnConflict } from '../transaction.ts'
import { toStorable } from '../../common/text/storable.ts'

/** How long due rows behind another node's lease wait before they are candidates again. */
const blockedRecheckMs = 250
const maxErrorLength = 500

/** `OutboxStore` over the table `focus_outbox`. */
export class KyselyOutboxStore extends OutboxAdministration implements OutboxStore {
  readonly #database: Database
  readonly #db: Kysely<FocusTables>
  readonly #candidates: OutboxCandidates
  readonly #escalations: OutboxEscalations

  constructor(database: Database) {
    super(database)
    this.#database = database.withoutTimeLimit()
    this.#db = this.#database.db
    this.#candidates = new OutboxCandidates(this.#database)
    this.#escalations = new OutboxEscalations(database)
  }

  /**
   * Reads candidates without a lock, then takes them by their primary keys: competing workers meet on rows only, where
   * `SKIP LOCKED` lets the second one continue, and never on ranges of an index.
   */
  async lease(request: LeaseRequest): Promise<LeaseResult> {
    const { candidates, complete } = await this.#candidates.find(request)
    if (candidates.length === 0) return { deliveries: [], blocked: !complete }
    const { skipLocked } = await this.#database.server()
    return inTransaction(this.#database, async (trx) => {
      const rows = await this.#lock(trx, candidates, request, skipLocked)
      const { takeable, blocked } = request.ordered
        ? await this.#respectLanes(trx, rows, request)
        : { takeable: rows, blocked: [] }
      await this.#holdBack(trx, blocked, request.now)
      const deliveries = await this.#take(trx, takeable, request)
      return { deliveries, blocked: blocked.length > 0 || !complete }
    })
  }

  async complete(owner: string, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    await retryOnConflict(() =>
      this.#db
        .deleteFrom('focus_outbox')
        .where('id', 'in', [...ids])
        .where('lease', '=', owner)
        .execute(),
    )
  }

  async reschedule(owner: string, now: number, items: readonly Reschedule[]): Promise<void> {
    for (const { id, dueAt, error, reached } of items) {
      await this.#change(owner, id, {
        lease: null,
        due_at: dueAt,
        touched_at: now,
        last_error: shorten(toStorable(error), maxErrorLength),
        delivered: reachedJson(reached),
      })
    }
  }

  async markDead(owner: string, now: number, items: readonly DeadDelivery[]): Promise<void> {
    for (const { id, reason, reached } of items) {
      await this.#change(owner, id, {
        lease: null,
        dead_at: now,
        due_at: 0,
        touched_at: now,
        last_error: shorten(toStorable(reason), maxErrorLength),
        delivered: reachedJson(reached),
      })
    }
  }

  async prolong(owner: string, now: number, items: readonly { id: number; until: number }[]): Promise<void> {
    for (const { id, until } of items) await this.#change(owner, id, { due_at: until, touched_at: now })
  }

  async release(owner: string, now: number, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return
    await retryOnConflict(() =>
      this.#db
        .updateTable('focus_outbox')
        .set((set) => ({ lease: null, due_at: 0, touched_at: now, attempts: set('attempts', '-', 1) }))
        .where('id', 'in', [...ids])
        .where('lease', '=', owner)
        .execute(),
    )
  }

  readStates(notificationIds: readonly string[]): Promise<ReadonlyMap<string, 'read' | 'unread'>> {
    return this.#escalations.readStates(notificationIds)
  }

  supersede(transport: string, now: number, deliveries: readonly LeasedDelivery[]): Promise<ReadonlySet<number>> {
    return this.#escalations.supersede(transport, now, deliveries)
  }

  async rebase(now: number, toleranceMs: number): Promise<void> {
    await retryOnConflict(() =>
      this.#db
        .updateTable('focus_outbox')
        .set({ due_at: sql<number>`due_at - touched_at + ${now}`, touched_at: now })
        .where('touched_at', '>', now + toleranceMs)
        .where('due_at', '>', 0)
        .where('dead_at', 'is', null)
        .execute(),
    )
  }

  /** Locks the candidates that still exist, are due and are not leased by another worker. */
  async #lock(
    trx: Transaction<FocusTables>,
    candidates: readonly Candidate[],
    { now }: LeaseRequest,
    skipLocked: boolean,
  ): Promise<Candidate[]> {
    const query = trx
      .selectFrom('focus_outbox')
      .select(['id', 'lane'])
      .where(
        'id',
        'in',
        candidates.map((candidate) => candidate.id),
      )
      .where('due_at', '<=', now)
      .where('dead_at', 'is', null)
      .orderBy('id')
    const locking = lockRows(this.#database, query)
    // Without SKIP LOCKED, a second worker waits for the short transaction of the first.
    return (skipLocked ? locking.skipLocked() : locking).execute()
  }

  /**
   * Returns the rows of each lane up to its first gap; rows that this owner has leased already are not a gap. A gap is a row that is
   * not yet due, or that another worker has leased or is leasing.
   */
  async #respectLanes(
    trx: Transaction<FocusTables>,
    rows: readonly Candidate[],
    { transport, owner }: LeaseRequest,
  ): Promise<{ takeable: Candidate[]; blocked: Candidate[] }> {
    const lanes = [...new Set(rows.map((row) => row.lane).filter((lane) => lane !== null))]
    if (lanes.length === 0) return { takeable: [...rows], blocked: [] }
    const pending = await trx
      .selectFrom('focus_outbox')
      .select(['id', 'lane'])
      .where('transport', '=', transport)
      .where('lane', 'in', lanes)
      .where('dead_at', 'is', null)
      .where('id', '<=', Math.max(...rows.map((row) => row.id)))
      .where((where: ExpressionBuilder<FocusTables, 'focus_outbox'>) =>
        where.or([where('lease', 'is', null), where('lease', '!=', owner)]),
      )
      .orderBy('id')
      .execute()
    const locked = new Set(rows.map((row) => row.id))
    const stopped = new Set<string | null>()
    const open = new Set<number>()
    for (const { id, lane } of pending) {
      if (!locked.has(id)) stopped.add(lane)
      if (!stopped.has(lane)) open.add(id)
    }
    const isOpen = (row: Candidate) => row.lane === null || open.has(row.id)
    return { takeable: rows.filter(isOpen), blocked: rows.filter((row) => !isOpen(row)) }
  }

  /** Moves blocked rows out of the window of candidates, so that they do not hide the rows behind them. */
  async #holdBack(trx: Transaction<FocusTables>, blocked: readonly Candidate[], now: number): Promise<void> {
    if (blocked.length === 0) return
    await trx
      .updateTable('focus_outbox')
      .set({ due_at: now + blockedRecheckMs, touched_at: now })
      .where(
        'id',
        'in',
        blocked.map((row) => row.id),
      )
      .execute()
  }

  async #take(
    trx: Transaction<FocusTables>,
    rows: readonly Candidate[],
    { owner, now, leaseMs }: LeaseRequest,
  ): Promise<LeasedDelivery[]> {
    if (rows.length === 0) return []
    const ids = rows.map((row) => row.id)
    await trx
      .updateTable('focus_outbox')
      .set((set) => ({ lease: owner, due_at: now + leaseMs, touched_at: now, attempts: set('attempts', '+', 1) }))
      .where('id', 'in', ids)
      .execute()
    const taken = await trx
      .selectFrom('focus_outbox')
      .select(['id', 'lane', 'attempts', 'cancel_if', 'delivered', 'payload'])
      .where('id', 'in', ids)
      .orderBy('id')
      .execute()
    return taken.map((row) => ({
      id: row.id,
      lane: row.lane,
      attempts: row.attempts,
      unless: row.cancel_if,
      reached: reachedOf(row.delivered),
      payload: JSON.parse(row.payload) as OutboxPayload,
    }))
  }

  /** Changes a row whose lease this owner still holds. */
  async #change(owner: string, id: number, change: Updateable<FocusTables['focus_outbox']>): Promise<void> {
    await retryOnConflict(() =>
      this.#db.updateTable('focus_outbox').set(change).where('id', '=', id).where('lease', '=', owner).execute(),
    )
  }
}
