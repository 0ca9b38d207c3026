import type {
  AppendOutcome,
  CommitListener,
  InboxRows,
  InboxSelection,
  LogEntry,
  NotificationLog,
  ReadSelection,
  StateChange,
  StoredHead,
} from '../../notifications/log.ts'
import type { NotificationEvent, StreamHead } from '../../notifications/types.ts'
import type { Clock } from '../../runtime.ts'
import type { UserKey } from '../../user-id.ts'
import type { Database } from '../database.ts'
import { inTransaction } from '../transaction.ts'
import { readEpoch } from './epoch.ts'
import { ensureStream, HeadReader } from './heads.ts'
import { readInbox } from './inbox.ts'
import { InboxState } from './inbox-state.ts'
import { toEvent, toStreamOwner } from './rows.ts'

/** The notification log on a database whose tables are up to date. */
export async function openNotificationLog(database: Database, clock: Clock): Promise<NotificationLog> {
  return new KyselyNotificationLog(database, clock, await readEpoch(database))
}

class KyselyNotificationLog implements NotificationLog {
  readonly epoch: string
  readonly #database: Database
  readonly #clock: Clock
  readonly #heads: HeadReader
  readonly #state: InboxState
  readonly #listeners: CommitListener[] = []

  constructor(database: Database, clock: Clock, epoch: string) {
    this.#database = database
    this.#clock = clock
    this.epoch = epoch
    this.#heads = new HeadReader(database.db, epoch)
    this.#state = new InboxState(database, epoch)
  }

  async append(entry: LogEntry): Promise<AppendOutcome> {
    const outcome = await this.#insert(entry)
    for (const listener of this.#listeners) listener([outcome.event])
    return outcome
  }

  #insert(entry: LogEntry): Promise<AppendOutcome> {
    const owner = toStreamOwner(entry.userKey)
    return inTransaction(this.#database, async (trx) => {
      await ensureStream(this.#database, trx, owner, entry.createdAt)
      await trx
        .updateTable('focus_streams')
        .set((set) => ({ head: set('head', '+', 1), unread: set('unread', '+', 1) }))
        .where('user_key', '=', owner)
        .execute()
      const { head } = await trx
        .selectFrom('focus_streams')
        .select('head')
        .where('user_key', '=', owner)
        .executeTakeFirstOrThrow()
      const row = {
        user_key: owner,
        offset: head,
        id: entry.id,
        event: entry.event,
        type: entry.type,
        title: entry.title,
        message: entry.message,
        data: entry.data,
        count: 1,
        group_key: null,
        created_at: entry.createdAt,
        expires_at: null,
      }
      await trx
        .insertInto('focus_notifications')
        .values({ ...row, read_at: null })
        .execute()
      return { outcome: 'created', event: toEvent(row, this.epoch) }
    })
  }

  heads(userKeys: readonly UserKey[]): Promise<StoredHead[]> {
    return this.#heads.read(userKeys)
  }

  firstSight(userKey: UserKey, since: number | null): Promise<void> {
    return this.#state.firstSight(userKey, since, this.#clock())
  }

  async allHead(): Promise<StreamHead> {
    const { head, oldest, state_rev } = await this.#heads.shared()
    return { epoch: this.epoch, offset: head, oldest, unreadCount: 0, stateRev: state_rev }
  }

  async read(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    const rows = await this.#database.db
      .selectFrom('focus_notifications')
      .selectAll()
      .where('user_key', '=', toStreamOwner(userKey))
      .where('offset', '>', after)
      .where('offset', '<=', upTo)
      .orderBy('offset')
      .limit(limit)
      .execute()
    return rows.map((row) => toEvent(row, this.epoch))
  }

  inbox(userKey: UserKey, selection: InboxSelection): Promise<InboxRows> {
    return readInbox(this.#database.db, this.#heads, this.epoch, userKey, selection, this.#clock())
  }

  markRead(userKey: UserKey, which: ReadSelection): Promise<StateChange | null> {
    return this.#state.markRead(userKey, which, this.#clock())
  }

  remove(userKey: UserKey, id: string): Promise<StateChange | null> {
    return this.#state.remove(userKey, id, this.#clock())
  }

  onCommitted(listener: CommitListener): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    this.#listeners.length = 0
  }
}
