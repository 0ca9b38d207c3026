import type { Kysely, Transaction } from 'kysely'
import type { FirstSight, ReadSelection, StateChange } from '../../notifications/inbox/inbox-port.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import { GroupedChanges } from './grouped-changes.ts'
import type { Epoch } from './epoch.ts'
import {
  type BroadcastState,
  broadcastMark,
  emptyStream,
  ensureStreams,
  HeadReader,
  lastBefore,
  type StreamRow,
} from './stream-heads.ts'
import { sharedStream } from './event-rows.ts'

/** A state message names at most this many ids; with more, the revision jumps, and clients load the inbox. */
const maxIdsInStateEvent = 500

/**
 * Marks notifications as read or deletes them, and updates the unread count in the same transaction. A call that would change
 * nothing writes nothing, because clients may name ids that do not exist as often as they like.
 */
export class InboxState {
  readonly #database: Database
  readonly #epoch: Epoch
  readonly #changes: GroupedChanges

  constructor(database: Database, epoch: Epoch) {
    this.#database = database
    this.#epoch = epoch
    this.#changes = new GroupedChanges(database)
  }

  /** Records the newest broadcast that is older than each user. */
  async firstSight(users: readonly FirstSight[], now: number): Promise<void> {
    if (users.length === 0) return
    const since = new Map(users.map((user) => [user.userKey, user.since]))
    // The order in which the committer locks streams.
    const owners = [...since.keys()].sort((a, b) => (a < b ? -1 : 1))
    await inTransaction(this.#database, async (trx) => {
      await ensureStreams(this.#database, trx, owners, now)
      const created = await trx
        .selectFrom('focus_streams')
        .select(['user_key', 'created_at'])
        .where('user_key', 'in', owners)
        .execute()
      const broadcasts = await trx
        .selectFrom('focus_notifications')
        .select(['offset', 'created_at'])
        .where('user_key', '=', sharedStream)
        .execute()
      const older = new Map(
        created.map((row) => [row.user_key, lastBefore(broadcasts, since.get(row.user_key) ?? row.created_at)]),
      )
      for (const [allFrom, keys] of Map.groupBy(owners, (owner) => older.get(owner) ?? 0)) {
        await trx
          .updateTable('focus_streams')
          .set({ all_from: allFrom })
          .where('user_key', 'in', keys)
          .where('all_from', 'is', null)
          .execute()
      }
    })
  }

  async markRead(userKey: UserKey, which: ReadSelection, now: number): Promise<StateChange | null> {
    if (!(await this.#isUnread(userKey, which))) return null
    return this.#change(userKey, now, async (trx, stream, shared) => {
      const own = await this.#readOwn(trx, userKey, which, now)
      const broadcasts = await this.#readBroadcasts(trx, stream, shared, which, now)
      return { ids: [...own, ...broadcasts], unread: stream.unread - own.length }
    })
  }

  async remove(userKey: UserKey, id: string, now: number): Promise<StateChange | null> {
    if (!(await this.#isThere(userKey, id))) return null
    return this.#change(userKey, now, async (trx, stream, shared) => {
      const row = await findRemovable(trx, userKey, id)
      if (!row) return { ids: [], unread: stream.unread }
      if (row.user_key === sharedStream) {
        const removed = await this.#removeBroadcast(trx, stream, shared, row.offset, now)
        return { ids: removed ? [id] : [], unread: stream.unread }
      }
      await trx
        .deleteFrom('focus_notifications')
        .where('user_key', '=', userKey)
        .where('offset', '=', row.offset)
        .execute()
      return { ids: [id], unread: stream.unread - (row.read_at === null ? 1 : 0) }
    })
  }

  /** Returns whether `markRead` has a notification to change. */
  async #isUnread(userKey: UserKey, which: ReadSelection): Promise<boolean> {
    const { db } = this.#database
    const { stream, shared } = await this.#streams(userKey)
    // Without an unread one, the query would read the whole stream.
    const own = stream.unread > 0 && (await unreadOwn(db, userKey, which)?.limit(1).executeTakeFirst())
    if (own) return true
    return (await unreadBroadcasts(db, stream, shared, which)?.limit(1).executeTakeFirst()) !== undefined
  }

  /** Returns whether `remove` has a notification to change. */
  async #isThere(userKey: UserKey, id: string): Promise<boolean> {
    const { db } = this.#database
    const row = await findRemovable(db, userKey, id)
    if (!row) return false
    if (row.user_key !== sharedStream) return true
    const { stream, shared } = await this.#streams(userKey)
    return isRemovable(stream, shared, row.offset, await broadcastState(db, userKey, row.offset))
  }

  async #streams(userKey: UserKey): Promise<{ readonly stream: StreamRow; readonly shared: StreamRow }> {
    const rows = await this.#database.db
      .selectFrom('focus_streams')
      .selectAll()
      .where('user_key', 'in', [userKey, sharedStream])
      .execute()
    const of = (owner: string) => rows.find((row) => row.user_key === owner) ?? emptyStream(owner, 0)
    return { stream: of(userKey), shared: of(sharedStream) }
  }

  async #change(
    userKey: UserKey,
    now: number,
    work: (
      trx: Transaction<FocusTables>,
      stream: StreamRow,
      shared: StreamRow,
    ) => Promise<{ ids: readonly string[]; unread: number }>,
  ): Promise<StateChange | null> {
    return this.#changes.run(userKey, async (trx) => {
      await ensureStreams(this.#database, trx, [userKey], now)
      // Locks the head: inserts and other changes of this user wait from here on.
      await trx
        .updateTable('focus_streams')
        .set((set) => ({ state_rev: set('state_rev', '+', 1) }))
        .where('user_key', '=', userKey)
        .execute()
      const heads = new HeadReader(trx, this.#epoch, () => now)
      const shared = await heads.shared()
      const stream = await readStream(trx, userKey)
      const { ids, unread } = await work(trx, stream, shared)
      // Without a change, the revision gets its earlier value.
      const complete = ids.length <= maxIdsInStateEvent
      const stateRev = ids.length === 0 ? stream.state_rev - 1 : stream.state_rev + (complete ? 0 : 1)
      await trx
        .updateTable('focus_streams')
        .set({ unread, state_rev: stateRev })
        .where('user_key', '=', userKey)
        .execute()
      if (ids.length === 0) return null
      const broadcasts = await heads.unreadBroadcasts([await readStream(trx, userKey)], shared)
      return {
        ids: complete ? ids : ids.slice(0, maxIdsInStateEvent),
        unreadCount: unread + (broadcasts.get(userKey) ?? 0),
        stateRev,
        offset: stream.head,
        allOffset: shared.head,
      }
    })
  }

  async #readOwn(
    trx: Transaction<FocusTables>,
    userKey: UserKey,
    which: ReadSelection,
    now: number,
  ): Promise<string[]> {
    const rows = (await unreadOwn(trx, userKey, which)?.execute()) ?? []
    for (let start = 0; start < rows.length; start += 500) {
      const offsets = rows.slice(start, start + 500).map((row) => row.offset)
      await trx
        .updateTable('focus_notifications')
        .set({ read_at: now })
        .where('user_key', '=', userKey)
        .where('offset', 'in', offsets)
        .execute()
    }
    return rows.map((row) => row.id)
  }

  async #readBroadcasts(
    trx: Transaction<FocusTables>,
    stream: StreamRow,
    shared: StreamRow,
    which: ReadSelection,
    now: number,
  ): Promise<string[]> {
    const query = unreadBroadcasts(trx, stream, shared, which)
    if (query === null) return []
    const rows = await query.execute()
    const upTo = broadcastsUpTo(shared, which)
    if (!('ids' in which)) {
      await trx
        .updateTable('focus_streams')
        .set({ all_read: upTo, all_read_at: now })
        .where('user_key', '=', stream.user_key)
        .execute()
      await trx
        .deleteFrom('focus_broadcast_states')
        .where('user_key', '=', stream.user_key)
        .where('offset', '<=', upTo)
        .where('deleted_at', 'is', null)
        .execute()
    } else if (rows.length > 0) {
      await trx
        .insertInto('focus_broadcast_states')
        .values(rows.map(({ offset }) => ({ user_key: stream.user_key, offset, read_at: now, deleted_at: null })))
        .execute()
    }
    return rows.map((row) => row.id)
  }

  async #removeBroadcast(
    trx: Transaction<FocusTables>,
    stream: StreamRow,
    shared: StreamRow,
    offset: number,
    now: number,
  ): Promise<boolean> {
    const earlier = await broadcastState(trx, stream.user_key, offset)
    if (!isRemovable(stream, shared, offset, earlier)) return false
    if (earlier) {
      await trx
        .updateTable('focus_broadcast_states')
        .set({ deleted_at: now })
        .where('user_key', '=', stream.user_key)
        .where('offset', '=', offset)
        .execute()
    } else {
      await trx
        .insertInto('focus_broadcast_states')
        .values({ user_key: stream.user_key, offset, read_at: null, deleted_at: now })
        .execute()
    }
    return true
  }
}

function readStream(trx: Transaction<FocusTables>, userKey: UserKey): Promise<StreamRow> {
  return trx.selectFrom('focus_streams').selectAll().where('user_key', '=', userKey).executeTakeFirstOrThrow()
}

/** Returns null for a selection of broadcasts alone. */
function unreadOwn(db: Kysely<FocusTables>, userKey: UserKey, which: ReadSelection) {
  if ('upToOffset' in which && which.stream === 'all') return null
  const unread = db
    .selectFrom('focus_notifications')
    .select(['id', 'offset'])
    .where('user_key', '=', userKey)
    .where('read_at', 'is', null)
  if ('ids' in which) return unread.where('id', 'in', ['', ...which.ids])
  return 'upToOffset' in which ? unread.where('offset', '<=', which.upToOffset) : unread
}

/** Returns null for a selection without broadcasts. */
function unreadBroadcasts(db: Kysely<FocusTables>, stream: StreamRow, shared: StreamRow, which: ReadSelection) {
  if ('upToOffset' in which && which.stream !== 'all') return null
  const mark = broadcastMark(stream, shared.head)
  const upTo = broadcastsUpTo(shared, which)
  if (upTo <= mark) return null
  const unread = db
    .selectFrom('focus_notifications')
    .leftJoin('focus_broadcast_states as state', (join) =>
      join.onRef('state.offset', '=', 'focus_notifications.offset').on('state.user_key', '=', stream.user_key),
    )
    .select(['focus_notifications.id', 'focus_notifications.offset'])
    .where('focus_notifications.user_key', '=', sharedStream)
    .where('focus_notifications.offset', '>', mark)
    .where('focus_notifications.offset', '<=', upTo)
    .where('state.offset', 'is', null)
  return 'ids' in which ? unread.where('focus_notifications.id', 'in', ['', ...which.ids]) : unread
}

function broadcastsUpTo(shared: StreamRow, which: ReadSelection): number {
  return 'upToOffset' in which ? Math.min(which.upToOffset, shared.head) : shared.head
}

/** Finds a notification of the user's stream, or a broadcast. */
function findRemovable(db: Kysely<FocusTables>, userKey: UserKey, id: string) {
  return db
    .selectFrom('focus_notifications')
    .select(['offset', 'read_at', 'user_key'])
    .where('id', '=', id)
    .where('user_key', 'in', [userKey, sharedStream])
    .executeTakeFirst()
}

function broadcastState(db: Kysely<FocusTables>, userKey: UserKey, offset: number) {
  return db
    .selectFrom('focus_broadcast_states')
    .selectAll()
    .where('user_key', '=', userKey)
    .where('offset', '=', offset)
    .executeTakeFirst()
}

/** Returns whether the user has the broadcast and has not deleted it. */
function isRemovable(stream: StreamRow, shared: StreamRow, offset: number, state: BroadcastState | undefined): boolean {
  return offset > (stream.all_from ?? shared.head) && (state === undefined || state.deleted_at === null)
}
