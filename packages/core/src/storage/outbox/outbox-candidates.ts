import type { Kysely } from 'kysely'
import type { LeaseRequest } from '../../transports/outbox/outbox-port.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'

const minPageSize = 64
/** Pages that one lease reads at most. */
const maxPages = 8
/** After a search behind a backlog that found nothing, the next one waits for this many times its duration. */
const restFactor = 20

/** A row that could be leased. */
export interface Candidate {
  readonly id: number
  readonly lane: string | null
}

interface Row extends Candidate {
  readonly user_key: string
  readonly due_at: number
}

/**
 * Finds due rows for a lease, oldest first, and only of users that are admitted: a long backlog of one user does not hide the
 * rows of other users.
 */
export class OutboxCandidates {
  readonly #db: Kysely<FocusTables>
  /** By transport, the time until which no search behind its backlog runs again. */
  readonly #restUntil = new Map<string, number>()

  constructor(database: Database) {
    this.#db = database.db
  }

  /** Finds candidates. `complete` is false when there may be more that were not searched for. */
  async find(request: LeaseRequest): Promise<{ candidates: Candidate[]; complete: boolean }> {
    const { transport, limit, admit = () => true } = request
    const pageSize = Math.max(limit, minPageSize)
    const candidates: Candidate[] = []
    const passedOver = new Set(request.passOver)
    let after: Row | undefined
    for (let page = 0; page < maxPages; page += 1) {
      const looksBehind = passedOver.size > 0
      if (looksBehind && this.#rests(transport)) return { candidates, complete: false }
      const began = performance.now()
      const foundBefore = candidates.length
      const rows = await this.#page(request, { pageSize, after, passedOver })
      for (const row of rows) {
        if (candidates.length >= limit) break
        if (passedOver.has(row.user_key)) continue
        if (admit(row.user_key)) candidates.push(row)
        else passedOver.add(row.user_key)
      }
      if (looksBehind && candidates.length === foundBefore) this.#rest(transport, performance.now() - began)
      if (candidates.length >= limit || rows.length < pageSize) break
      after = rows.at(-1)
    }
    return { candidates, complete: true }
  }

  #rests(transport: string): boolean {
    return performance.now() < (this.#restUntil.get(transport) ?? 0)
  }

  #rest(transport: string, tookMs: number): void {
    this.#restUntil.set(transport, performance.now() + restFactor * tookMs)
  }

  #page(
    { transport, now }: LeaseRequest,
    { pageSize, after, passedOver }: { pageSize: number; after: Row | undefined; passedOver: ReadonlySet<string> },
  ): Promise<Row[]> {
    let query = this.#db
      .selectFrom('focus_outbox')
      .select(['id', 'lane', 'user_key', 'due_at'])
      .where('transport', '=', transport)
      .where('dead_at', 'is', null)
      .where('due_at', '<=', now)
      .orderBy('due_at')
      .orderBy('id')
      .limit(pageSize)
    if (passedOver.size > 0) query = query.where('user_key', 'not in', [...passedOver])
    if (after) {
      const { due_at, id } = after
      query = query
        .where('due_at', '>=', due_at)
        .where((where) => where.or([where('due_at', '>', due_at), where('id', '>', id)]))
    }
    return query.execute()
  }
}
