import type { ExpressionBuilder, Kysely, Selectable } from 'kysely'
import type { StoredHead } from '../../notifications/inbox/inbox-port.ts'
import type { StreamHead } from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import { KeyedQuery } from '../keyed-query.ts'
import type { BroadcastStatesTable, FocusTables, NotificationsTable, StreamsTable } from '../tables.ts'

import type { Epoch } from './epoch.ts'
import { sharedStream } from './event-rows.ts'

export type StreamRow = Selectable<StreamsTable>
export type BroadcastState = Selectable<BroadcastStatesTable>

type BroadcastRow = Pick<Selectable<NotificationsTable>, 'offset' | 'created_at' | 'expires_at'>

/** Returns the row of a stream without events. */
export function emptyStream(owner: string, now: number): StreamRow {
  return {
    user_key: owner,
    head: 0,
    oldest: 1,
    unread: 0,
    state_rev: 0,
    all_from: null,
    all_read: 0,
    all_read_at: null,
    created_at: now,
  }
}

/** Inserts missing rows of streams, and locks all of them in the given order. */
export async function ensureStreams(
  { syntax }: Database,
  db: Kysely<FocusTables>,
  owners: readonly string[],
  now: number,
): Promise<void> {
  const insert = db.insertInto('focus_streams').values(owners.map((owner) => emptyStream(owner, now)))
  // `insert ignore` takes a shared lock on an existing row on MySQL, and none on PostgreSQL: two transactions that then write
  // would deadlock.
  const unchanged = (set: ExpressionBuilder<FocusTables, 'focus_streams'>) => ({ head: set.ref('focus_streams.head') })
  if (syntax.upsert === 'on duplicate key') await insert.onDuplicateKeyUpdate(unchanged).execute()
  else if (!syntax.rowLocks) await insert.onConflict((conflict) => conflict.doNothing()).execute()
  else await insert.onConflict((conflict) => conflict.column('user_key').doUpdateSet(unchanged)).execute()
}

/** Returns the user's high-water mark in the shared stream: broadcasts up to it are read, or older than the user. */
export function broadcastMark(stream: StreamRow, sharedHead: number): number {
  return Math.max(stream.all_from ?? sharedHead, stream.all_read)
}

/** Reads heads with unread counts that include broadcasts. */
export class HeadReader {
  readonly #db: Kysely<FocusTables>
  readonly #epoch: Epoch
  readonly #clock: () => number
  readonly #byOwner: KeyedQuery<string, StreamRow>
  #broadcasts: { readonly version: string; readonly rows: readonly BroadcastRow[] } = { version: '', rows: [] }

  constructor(db: Kysely<FocusTables>, epoch: Epoch, clock: () => number) {
    this.#db = db
    this.#epoch = epoch
    this.#clock = clock
    this.#byOwner = new KeyedQuery(db, (owners) =>
      db.selectFrom('focus_streams').selectAll().where('user_key', 'in', owners),
    )
  }

  /** @param since when users exist since: for those whose first sight is not recorded yet */
  async read(userKeys: readonly UserKey[], since: ReadonlyMap<UserKey, number> = new Map()): Promise<StoredHead[]> {
    const rows = await this.#byOwner.rows([sharedStream, ...userKeys])
    const byOwner = new Map(rows.map((row) => [row.user_key, row]))
    const shared = byOwner.get(sharedStream) ?? emptyStream(sharedStream, 0)
    const streams = userKeys.map((key) => byOwner.get(key) ?? emptyStream(key, 0))
    const epoch = this.#epoch.current
    const all = sharedHead(shared, epoch)
    const unread = await this.unreadBroadcasts(await this.#aged(streams, shared, since), shared)
    return streams.map((stream) => ({
      epoch,
      offset: stream.head,
      oldest: stream.oldest,
      unreadCount: stream.unread + (unread.get(stream.user_key) ?? 0),
      stateRev: stream.state_rev,
      unseen: stream.all_from === null,
      all,
    }))
  }

  /** Returns the streams as `firstSight` will record them. */
  async #aged(
    streams: readonly StreamRow[],
    shared: StreamRow,
    since: ReadonlyMap<UserKey, number>,
  ): Promise<readonly StreamRow[]> {
    if (since.size === 0) return streams
    const broadcasts = await this.#broadcastRows(shared)
    return streams.map((stream) => {
      const moment = since.get(stream.user_key)
      return stream.all_from !== null || moment === undefined
        ? stream
        : { ...stream, all_from: lastBefore(broadcasts, moment) }
    })
  }

  async shared(): Promise<StreamRow> {
    const row = await this.#db
      .selectFrom('focus_streams')
      .selectAll()
      .where('user_key', '=', sharedStream)
      .executeTakeFirst()
    return row ?? emptyStream(sharedStream, 0)
  }

  /** Counts each owner's unread broadcasts that have not expired; owners without one may be left out. */
  async unreadBroadcasts(streams: readonly StreamRow[], shared: StreamRow): Promise<Map<UserKey, number>> {
    const behind = streams.filter((stream) => broadcastMark(stream, shared.head) < shared.head)
    if (behind.length === 0) return new Map()
    const offsets = await this.#broadcastOffsets(shared)
    const states = await this.#db
      .selectFrom('focus_broadcast_states')
      .select(['user_key', 'offset'])
      .where(
        'user_key',
        'in',
        behind.map((stream) => stream.user_key),
      )
      .execute()
    const known = new Set(offsets)
    const handled = Map.groupBy(states, (state) => state.user_key)
    return new Map(
      behind.map((stream) => {
        const mark = broadcastMark(stream, shared.head)
        const done = (handled.get(stream.user_key) ?? []).filter(
          (state) => state.offset > mark && known.has(state.offset),
        )
        return [stream.user_key, countAbove(offsets, mark) - done.length]
      }),
    )
  }

  /** Returns the offsets of broadcasts that have not expired, ascending. */
  async #broadcastOffsets(shared: StreamRow): Promise<readonly number[]> {
    const rows = await this.#broadcastRows(shared)
    const now = this.#clock()
    return rows.filter((row) => (row.expires_at ?? Infinity) > now).map((row) => row.offset)
  }

  /** Returns the broadcasts in the order of their offsets; reads them only after a change of the stream. */
  async #broadcastRows(shared: StreamRow): Promise<readonly BroadcastRow[]> {
    const version = `${shared.head}.${shared.state_rev}`
    if (this.#broadcasts.version !== version) {
      const rows = await this.#db
        .selectFrom('focus_notifications')
        .select(['offset', 'created_at', 'expires_at'])
        .where('user_key', '=', sharedStream)
        .orderBy('offset')
        .execute()
      this.#broadcasts = { version, rows }
    }
    return this.#broadcasts.rows
  }
}

/** Returns the head of the shared stream, which has no unread count of its own. */
export function sharedHead({ head, oldest, state_rev }: StreamRow, epoch: string): StreamHead {
  return { epoch, offset: head, oldest, unreadCount: 0, stateRev: state_rev }
}

/** Returns the offset of the newest broadcast from before a moment; 0 when there is none. */
export function lastBefore(broadcasts: readonly Pick<BroadcastRow, 'offset' | 'created_at'>[], moment: number): number {
  return broadcasts.reduce((last, { offset, created_at }) => (created_at < moment ? Math.max(last, offset) : last), 0)
}

function countAbove(ascending: readonly number[], mark: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? Infinity) > mark) high = middle
    else low = middle + 1
  }
  return ascending.length - low
}
