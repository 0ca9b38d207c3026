import { setTimeout as delay } from 'node:timers/promises'
import type { Runtime } from '../../common/runtime.ts'
import type { Database } from '../database.ts'
import type { Epoch } from './epoch.ts'
import { isAmong, type Position, pruneRows } from './prune-rows.ts'
import type { WaitingRows } from './waiting-rows.ts'

export interface Retention {
  readonly maxPerStream: number
  readonly maxAgeMs: number
}

const intervalMs = 5_000
/** Rows deleted in one transaction, which locks their streams. */
const chunkSize = 200
/** Streams looked at in one query for notifications beyond the count. */
const streamsAtOnce = 50
/** Between two chunks, so that sending goes first. */
const pauseMs = 5
/** Longer than any runner waits for the answer to a COMMIT. */
const commitsKeptMs = 10 * 60_000
/** Longer than an idempotency key is kept. */
const mergesKeptMs = 25 * 60 * 60_000

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
    while (this.#overgrown.size > 0 && !this.#closed) {
      const owners = [...this.#overgrown].slice(0, streamsAtOnce)
      for (const owner of owners) this.#overgrown.delete(owner)
      await this.#removeBeyondCount(owners)
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
      await pruneRows(this.#database, rows, 'hole')
      await db
        .deleteFrom('focus_expiries')
        .where(isAmong(this.#database, ['expires_at', 'id'], due))
        .execute()
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
      await pruneRows(
        this.#database,
        rows.filter((row) => row.created_at < cutoff),
        'tail',
      )
      return rows.length
    })
  }

  async #removeBeyondCount(owners: readonly string[]): Promise<void> {
    for (let left = owners; left.length > 0 && !this.#closed; await delay(pauseMs)) {
      const beyond = await this.#beyondCount(left)
      const each = Math.ceil(chunkSize / beyond.length)
      const rows = await Promise.all(beyond.map((position) => this.#oldestUpTo(position, each)))
      await pruneRows(this.#database, rows.flat(), 'tail')
      left = rows.flatMap((own) => (own.length < each ? [] : own.slice(0, 1).map((row) => row.user_key)))
    }
  }

  /** Returns, for each stream that holds too many notifications, the newest one that is too many. */
  async #beyondCount(owners: readonly string[]): Promise<Position[]> {
    const streams = await this.#database.db
      .selectFrom('focus_streams')
      .select('user_key')
      .select((stream) =>
        stream
          .selectFrom('focus_notifications as own')
          .select('own.offset')
          .whereRef('own.user_key', '=', 'focus_streams.user_key')
          .orderBy('own.offset', 'desc')
          .limit(1)
          .offset(this.#retention.maxPerStream)
          .as('offset'),
      )
      .where('user_key', 'in', owners)
      .execute()
    return streams.flatMap(({ user_key, offset }) => (offset === null ? [] : [{ user_key, offset }]))
  }

  #oldestUpTo({ user_key: owner, offset }: Position, limit: number): Promise<Position[]> {
    return this.#database.db
      .selectFrom('focus_notifications')
      .select(['user_key', 'offset'])
      .where('user_key', '=', owner)
      .where('offset', '<=', offset)
      .orderBy('offset')
      .limit(limit)
      .execute()
  }

  async #deletePolicies(now: number): Promise<void> {
    await this.#inChunks(() => deleteExpired(this.#database, 'focus_dedupe', 'dedupe_key', now))
    await this.#inChunks(() => deleteExpired(this.#database, 'focus_groups', 'group_key', now))
    await this.#inChunks(() => deleteExpired(this.#database, 'focus_rates', 'rate_key', now))
    await this.#inChunks(() => deleteBefore(this.#database, 'focus_commits', 'committed_at', now - commitsKeptMs))
    await this.#inChunks(() => deleteBefore(this.#database, 'focus_merges', 'merged_at', now - mergesKeptMs))
  }

  /** @param work deletes one chunk of rows and returns how many it read; fewer than a chunk are the last */
  async #inChunks(work: () => Promise<number>): Promise<void> {
    while (!this.#closed && (await work()) >= chunkSize) await delay(pauseMs)
  }
}

async function deleteExpired(
  database: Database,
  table: 'focus_dedupe' | 'focus_groups' | 'focus_rates',
  key: 'dedupe_key' | 'group_key' | 'rate_key',
  now: number,
): Promise<number> {
  const { db } = database
  const rows = await db
    .selectFrom(table)
    .select(['user_key', key])
    .where('expires_at', '<=', now)
    .limit(chunkSize)
    .execute()
  if (rows.length === 0) return 0
  await db
    .deleteFrom(table)
    .where(isAmong(database, ['user_key', key], rows))
    // The rows may have a new window by now.
    .where('expires_at', '<=', now)
    .execute()
  return rows.length
}

async function deleteBefore(
  { db }: Database,
  table: 'focus_commits' | 'focus_merges',
  column: 'committed_at' | 'merged_at',
  moment: number,
): Promise<number> {
  const rows = await db.selectFrom(table).select('id').where(column, '<', moment).limit(chunkSize).execute()
  const ids = rows.map((row) => row.id)
  if (ids.length > 0) await db.deleteFrom(table).where('id', 'in', ids).where(column, '<', moment).execute()
  return ids.length
}

/** Returns the prefix of the smallest UUIDv7 of a time. */
function firstIdOf(ms: number): string {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
