import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'
import type { Runtime } from '../../common/runtime.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import type { Epoch } from './epoch.ts'
import { sharedStream } from './event-rows.ts'
import type { Waiting } from './waiting-rows.ts'

export interface Retention {
  readonly maxPerStream: number
  readonly maxAgeMs: number
}

const intervalMs = 5_000
/** Rows removed in one transaction: a stream is locked for as long as that takes. */
const bite = 200
/** Between two bites, so that sending goes first. */
const pauseMs = 5
/** Longer than anybody waits for the answer to a COMMIT. */
const commitsKeptMs = 10 * 60_000
/** Longer than a call may be repeated. */
const mergesKeptMs = 25 * 60 * 60_000

interface Removable {
  readonly user_key: string
  readonly offset: number
}

/** Whether what is removed ends where the stream begins, or leaves a hole in it as a deleted notification does. */
type Where = 'tail' | 'hole'

/**
 * Removes in the background what is of no more use: expired, too old, too much, and policies whose window has passed. Notices,
 * too, when another node has rotated the epoch.
 */
export class Upkeep {
  readonly #database: Database
  readonly #runtime: Pick<Runtime, 'clock' | 'logger'>
  readonly #epoch: Epoch
  readonly #retention: Retention
  readonly #waiting: Pick<Waiting, 'upkeep'>
  readonly #overgrown = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #closed = false

  constructor(
    database: Database,
    runtime: Pick<Runtime, 'clock' | 'logger'>,
    epoch: Epoch,
    retention: Retention,
    waiting: Pick<Waiting, 'upkeep'>,
  ) {
    this.#database = database
    this.#runtime = runtime
    this.#epoch = epoch
    this.#retention = retention
    this.#waiting = waiting
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.run().catch((error: unknown) =>
        this.#runtime.logger.warn('Upkeep of the notification log failed', { error }),
      )
    }, intervalMs)
    this.#timer.unref()
  }

  /** Streams that were just written to and may hold too much. */
  overgrown(owners: readonly string[]): void {
    for (const owner of owners) this.#overgrown.add(owner)
  }

  run(): Promise<void> {
    this.#running ??= this.#runOnce().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  async #runOnce(): Promise<void> {
    await this.#epoch.refresh()
    const now = this.#runtime.clock()
    await this.#removeExpired(now)
    await this.#removeOld(now - this.#retention.maxAgeMs)
    for (const owner of this.#overgrown) {
      this.#overgrown.delete(owner)
      await this.#removeBeyondCount(owner)
    }
    await this.#forgetPolicies(now)
    await this.#waiting.upkeep(now, now - this.#retention.maxAgeMs)
  }

  async #removeExpired(now: number): Promise<void> {
    await this.#inBites(async () => {
      const { db } = this.#database
      const due = await db.selectFrom('focus_expiries').selectAll().where('expires_at', '<=', now).limit(bite).execute()
      if (due.length === 0) return 0
      const ids = due.map((row) => row.id)
      const rows = await db
        .selectFrom('focus_notifications')
        .select(['user_key', 'offset'])
        .where('id', 'in', ids)
        .where('expires_at', '<=', now)
        .execute()
      await this.#removeRows(rows, 'hole')
      await db.deleteFrom('focus_expiries').where('expires_at', '<=', now).where('id', 'in', ids).execute()
      return due.length
    })
  }

  /** Ids begin with the time they were made, and have an index of their own. */
  async #removeOld(cutoff: number): Promise<void> {
    let after = ''
    await this.#inBites(async () => {
      const rows = await this.#database.db
        .selectFrom('focus_notifications')
        .select(['id', 'user_key', 'offset', 'created_at'])
        .where('id', '>', after)
        .where('id', '<', firstIdOf(cutoff))
        .orderBy('id')
        .limit(bite)
        .execute()
      after = rows.at(-1)?.id ?? after
      // A merge makes a notification young again.
      await this.#removeRows(
        rows.filter((row) => row.created_at < cutoff),
        'tail',
      )
      return rows.length
    })
  }

  async #removeBeyondCount(owner: string): Promise<void> {
    await this.#inBites(async () => {
      const { db } = this.#database
      const last = await db
        .selectFrom('focus_notifications')
        .select('offset')
        .where('user_key', '=', owner)
        .orderBy('offset', 'desc')
        .limit(1)
        .offset(this.#retention.maxPerStream)
        .executeTakeFirst()
      if (!last) return 0
      const rows = await db
        .selectFrom('focus_notifications')
        .select(['user_key', 'offset'])
        .where('user_key', '=', owner)
        .where('offset', '<=', last.offset)
        .orderBy('offset')
        .limit(bite)
        .execute()
      await this.#removeRows(rows, 'tail')
      return rows.length
    })
  }

  async #removeRows(rows: readonly Removable[], where: Where): Promise<void> {
    for (const [owner, own] of Map.groupBy(rows, (row) => row.user_key)) {
      const offsets = own.map((row) => row.offset)
      await inTransaction(this.#database, (trx) => removeFromStream(trx, owner, offsets, where))
    }
  }

  async #forgetPolicies(now: number): Promise<void> {
    const { db } = this.#database
    await this.#inBites(() => forget(db, 'focus_dedupe', 'dedupe_key', now))
    await this.#inBites(() => forget(db, 'focus_groups', 'group_key', now))
    await this.#inBites(() => forget(db, 'focus_rates', 'rate_key', now))
    await db
      .deleteFrom('focus_commits')
      .where('committed_at', '<', now - commitsKeptMs)
      .execute()
    await db
      .deleteFrom('focus_merges')
      .where('merged_at', '<', now - mergesKeptMs)
      .execute()
  }

  /** @param work removes some and answers how many it looked at; fewer than a bite are the last */
  async #inBites(work: () => Promise<number>): Promise<void> {
    while (!this.#closed && (await work()) >= bite) await delay(pauseMs)
  }
}

async function removeFromStream(
  trx: Transaction<FocusTables>,
  owner: string,
  offsets: readonly number[],
  where: Where,
): Promise<void> {
  const stream = trx.updateTable('focus_streams').where('user_key', '=', owner)
  // Writes nothing and locks the head, as every change of a stream does first.
  await stream.set((set) => ({ head: set.ref('head') })).execute()
  // Read again under the lock: meanwhile some may have been read, deleted, or merged onwards.
  const present = await trx
    .selectFrom('focus_notifications')
    .select(['offset', 'read_at'])
    .where('user_key', '=', owner)
    .where('offset', 'in', [...offsets])
    .execute()
  if (present.length === 0) return
  await trx
    .deleteFrom('focus_notifications')
    .where('user_key', '=', owner)
    .where('offset', 'in', [...offsets])
    .execute()
  const shared = owner === sharedStream
  const unread = shared ? 0 : present.filter((row) => row.read_at === null).length
  // Holes are told of too when all was read: readers show them. The tail is beyond what they show.
  if (unread > 0 || shared || where === 'hole') {
    await stream.set((set) => ({ unread: set('unread', '-', unread), state_rev: set('state_rev', '+', 1) })).execute()
  }
  // Advances in the transaction that deletes, so that no reader takes a pruned stream for a whole one.
  const oldest = Math.max(...present.map((row) => row.offset)) + 1
  if (where === 'tail') await stream.set({ oldest }).where('oldest', '<', oldest).execute()
  if (shared)
    await trx
      .deleteFrom('focus_broadcast_states')
      .where('offset', 'in', [...offsets])
      .execute()
}

async function forget(
  db: Kysely<FocusTables>,
  table: 'focus_dedupe' | 'focus_groups' | 'focus_rates',
  key: 'dedupe_key' | 'group_key' | 'rate_key',
  now: number,
): Promise<number> {
  const rows = await db.selectFrom(table).select(['user_key', key]).where('expires_at', '<=', now).limit(bite).execute()
  for (const row of rows) {
    await db
      .deleteFrom(table)
      .where('user_key', '=', row.user_key)
      .where(key, '=', row[key])
      // It may have been opened anew meanwhile.
      .where('expires_at', '<=', now)
      .execute()
  }
  return rows.length
}

/** The smallest UUIDv7 of a moment. */
function firstIdOf(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
