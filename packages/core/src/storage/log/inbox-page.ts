import type { Kysely } from 'kysely'
import type { InboxRows, InboxSelection } from '../../notifications/inbox/inbox-port.ts'
import type { InboxItem } from '../../notifications/ports.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { FocusTables } from '../tables.ts'
import { type BroadcastState, broadcastMark, emptyStream, type HeadReader, type StreamRow } from './stream-heads.ts'
import { type NotificationRow, sharedStream, toInboxItem } from './event-rows.ts'

interface Candidate {
  readonly row: NotificationRow
  readonly readAt: number | null
}

/** Characters of titles, messages and data in one page; the rest comes with the next, so that no page takes long to write. */
const maxPageCharacters = 262_144

/**
 * Reads one page of the inbox: the user's stream and the shared one, each newest first, merged by time. The position is an
 * offset in each of them, so a page costs the same however long the streams are.
 */
export async function readInbox(
  db: Kysely<FocusTables>,
  heads: HeadReader,
  epoch: string,
  userKey: UserKey,
  selection: InboxSelection,
  now: number,
): Promise<InboxRows> {
  const stream = await db.selectFrom('focus_streams').selectAll().where('user_key', '=', userKey).executeTakeFirst()
  const shared = await heads.shared()
  const owner = stream ?? emptyStream(userKey, 0)
  const before = selection.before ?? { user: Infinity, all: Infinity }
  // Without an unread one, the query would read the whole stream.
  const isEmpty = selection.unreadOnly && owner.unread === 0
  const own = isEmpty ? [] : await ownRows(db, userKey, selection, before.user, now)
  const broadcasts = await broadcastRows(db, owner, shared, selection, before.all, now)
  const items: InboxItem[] = []
  let next = before
  let room = maxPageCharacters
  while (items.length < selection.limit) {
    const mine = own[0]
    const theirs = broadcasts[0]
    const isMine = !theirs || (mine !== undefined && mine.row.created_at >= theirs.row.created_at)
    const newest = isMine ? mine : theirs
    if (!newest) break
    room -= charactersOf(newest.row)
    // The first one always fits, so that every page advances.
    if (room < 0 && items.length > 0) break
    if (isMine) own.shift()
    else broadcasts.shift()
    items.push(toInboxItem(newest.row, newest.readAt, epoch))
    next = newest === mine ? { ...next, user: newest.row.offset } : { ...next, all: newest.row.offset }
  }
  const unread = await heads.unreadBroadcasts([owner], shared)
  return {
    items,
    next: own.length + broadcasts.length > 0 ? next : null,
    unreadCount: owner.unread + (unread.get(userKey) ?? 0),
    offset: owner.head,
    allOffset: shared.head,
    stateRev: owner.state_rev + shared.state_rev,
  }
}

function charactersOf({ title, message, data }: NotificationRow): number {
  return title.length + message.length + data.length
}

/** Reads one row more than the page holds, to know whether there is a next page. */
async function ownRows(
  db: Kysely<FocusTables>,
  userKey: UserKey,
  selection: InboxSelection,
  before: number,
  now: number,
): Promise<Candidate[]> {
  const query = pageQuery(db, userKey, selection, before, now).limit(selection.limit + 1)
  const rows = await (selection.unreadOnly ? query.where('read_at', 'is', null) : query).execute()
  return rows.map((row) => ({ row, readAt: row.read_at }))
}

async function broadcastRows(
  db: Kysely<FocusTables>,
  owner: StreamRow,
  shared: StreamRow,
  selection: InboxSelection,
  before: number,
  now: number,
): Promise<Candidate[]> {
  const from = owner.all_from ?? shared.head
  if (shared.head <= from) return []
  const states = await db
    .selectFrom('focus_broadcast_states')
    .selectAll()
    .where('user_key', '=', owner.user_key)
    .execute()
  const stateOf = new Map<number, BroadcastState>(states.map((state) => [state.offset, state]))
  const mark = broadcastMark(owner, shared.head)
  const candidates: Candidate[] = []
  // The query does not know which broadcasts the user deleted or read, so pages are read until there are enough rows.
  for (let below = before; candidates.length <= selection.limit; ) {
    const rows = await pageQuery(db, sharedStream, selection, below, now)
      .where('offset', '>', selection.unreadOnly ? mark : from)
      .limit(selection.limit + 1)
      .execute()
    for (const row of rows) {
      const state = stateOf.get(row.offset)
      const readAt = state?.read_at ?? (row.offset <= mark ? (owner.all_read_at ?? row.created_at) : null)
      const hidden = (state?.deleted_at ?? null) !== null || (selection.unreadOnly && readAt !== null)
      if (!hidden) candidates.push({ row, readAt })
    }
    const last = rows.at(-1)
    if (!last || rows.length <= selection.limit) break
    below = last.offset
  }
  return candidates
}

function pageQuery(db: Kysely<FocusTables>, owner: string, selection: InboxSelection, before: number, now: number) {
  let query = db
    .selectFrom('focus_notifications')
    .selectAll()
    .where('user_key', '=', owner)
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
    .orderBy('offset', 'desc')
  if (before !== Infinity) query = query.where('offset', '<', before)
  if (selection.events.length > 0) query = query.where('event', 'in', [...selection.events])
  return query
}
