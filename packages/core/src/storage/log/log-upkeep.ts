import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'
import type { Runtime } from '../../common/runtime.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import type { Epoch } from './epoch.ts'
import { sharedStream } from './event-rows.ts'
import type { WaitingRows } from './waiting-rows.ts'

export interface Retention {
  readonly maxPerStream: number
  readonly maxAgeMs: number
}

const intervalMs = 5_000
/** Rows deleted in one transaction, which locks their stream. */
const chunkSize = 200
/** Between two chunks, so that sending goes first. */
const pauseMs = 5
/** Longer than any runner waits for the answer to a COMMIT. */
const commitsKeptMs = 10 * 60_000
/** Longer than an idempotency key is kept. */
const mergesKeptMs = 25 * 60 * 60_000

interface Removable {
  readonly user_key: string
  readonly offset: number
}

/** Rows are removed at the oldest end of their stream (`tail`), or leave a hole in it as a deleted notification does. */
type Where = 'tail' | 'hole'

/**
 * Deletes rows in the background: notifications that have expired, are too old or too many, and policy rows after their window.
 * Also notices when another node has rotated the epoch.
 */
export class Upkeep {
  readonly #database: Database
  readonly #runtime: Pick<Runtime, 'clock' | 'logger'>
  readonly #epoch: Epoch
  readonly #retention: Retention
  readonly #waiting: Pick<WaitingRows, 'upkeep'>
  readonly #overgrown = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> | null = null
  #closed = false

  constructor(
    database: Database,
    runtime: Pick<Runtime, 'clock' | 'logger'>,
    epoch: Epoch,
    retention: Retention,
    waiting: Pick<WaitingRows, 'upkeep'>,
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

  /** Notes streams that may hold too many notifications. */
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
    await this.#deletePolicies(now)
    await this.#waiting.upkeep(now, now - this.#retention.maxAgeMs)
  }

  async #removeExpired(now: number): Promise<void> {
    await this.#inChunks(async () => {
      const { db } = this.#database
      const due = await db
        .selectFrom('focus_expiries')
        .selectAll()
        .where('expires_at', '<=', now)
        .limit(chunkSize)
        .execute()
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

  /** Ids start with their time and have an index of their own. */
  async #removeOld(cutoff: number): Promise<void> {
    let after = ''
    await this.#inChunks(async () => {
      const rows = await this.#database.db
        .selectFrom('focus_notifications')
        .select(['id', 'user_key', 'offset', 'created_at'])
        .where('id', '>', after)
        .where('id', '<', firstIdOf(cutoff))
        .orderBy('id')
        .limit(chunkSize)
        .execute()
      after = rows.at(-1)?.id ?? after
      // A merge renews the time of a notification.
      await this.#removeRows(
        rows.filter((row) => row.created_at < cutoff),
        'tail',
      )
      return rows.length
    })
  }

  async #removeBeyondCount(owner: string): Promise<void> {
    await this.#inChunks(async () => {
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
        .limit(chunkSize)
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

  async #deletePolicies(now: number): Promise<void> {
    const { db } = this.#database
    await this.#inChunks(() => deleteExpired(db, 'focus_dedupe', 'dedupe_key', now))
    await this.#inChunks(() => deleteExpired(db, 'focus_groups', 'group_key', now))
    await this.#inChunks(() => deleteExpired(db, 'focus_rates', 'rate_key', now))
    await db
      .deleteFrom('focus_commits')
      .where('committed_at', '<', now - commitsKeptMs)
      .execute()
    await db
      .deleteFrom('focus_merges')
      .where('merged_at', '<', now - mergesKeptMs)
      .execute()
  }

  /** @param work deletes one chunk of rows and returns how many it read; fewer than a chunk are the last */
  async #inChunks(work: () => Promise<number>): Promise<void> {
    while (!this.#closed && (await work()) >= chunkSize) await delay(pauseMs)
  }
}

async function removeFromStream(
  trx: Transaction<FocusTables>,
  owner: string,
  offsets: readonly number[],
  where: Where,
): Promise<void> {
  const stream = trx.updateTable('focus_streams').where('user_key', '=', owner)
  // Locks the head without a change, as every change of a stream does first.
  await stream.set((set) => ({ head: set.ref('head') })).execute()
  // Read again under the lock: some may have been read, deleted, or moved by a merge.
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
  // Readers show the notifications of holes, so those change the revision even when read. They do not show the tail.
  if (unread > 0 || shared || where === 'hole') {
    await stream.set((set) => ({ unread: set('unread', '-', unread), state_rev: set('state_rev', '+', 1) })).execute()
  }
  // Advances in the transaction that deletes, so that no reader takes a pruned stream for a complete one.
  const oldest = Math.max(...present.map((row) => row.offset)) + 1
  if (where === 'tail') await stream.set({ oldest }).where('oldest', '<', oldest).execute()
  if (shared)
    await trx
      .deleteFrom('focus_broadcast_states')
      .where('offset', 'in', [...offsets])
      .execute()
}

async function deleteExpired(
  db: Kysely<FocusTables>,
  table: 'focus_dedupe' | 'focus_groups' | 'focus_rates',
  key: 'dedupe_key' | 'group_key' | 'rate_key',
  now: number,
): Promise<number> {
  const rows = await db
    .selectFrom(table)
    .select(['user_key', key])
    .where('expires_at', '<=', now)
    .limit(chunkSize)
    .execute()
  for (const row of rows) {
    await db
      .deleteFrom(table)
      .where('user_key', '=', row.user_key)
      .where(key, '=', row[key])
      // The row may have a new window by now.
      .where('expires_at', '<=', now)
      .execute()
  }
  return rows.length
}

/** Returns the prefix of the smallest UUIDv7 of a time. */
function firstIdOf(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
