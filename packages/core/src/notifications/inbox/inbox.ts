import { FocusError } from '../../common/errors.ts'
import type { UserId } from '../../common/user-id.ts'
import type { ReadSelection } from './inbox-port.ts'
import type { NotificationLog } from '../log-port.ts'
import type { InboxPage, InboxQuery, LoggedNotification } from '../ports.ts'
import { checkedUserKey } from '../user-keys.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import type { Feed } from './feed.ts'
import { checkedSelection } from './read-selection.ts'

/** Reads and changes users' inboxes for calls of the application. */
export class Inbox {
  readonly #log: Pick<NotificationLog, 'inbox' | 'recent'>
  readonly #feed: Feed

  constructor(log: Pick<NotificationLog, 'inbox' | 'recent'>, feed: Feed) {
    this.#log = log
    this.#feed = feed
  }

  async page(userId: UserId, query: InboxQuery = {}): Promise<InboxPage> {
    const userKey = checkedUserKey(userId)
    const selection = {
      limit: pageSize(query.limit),
      before: typeof query.before === 'string' ? decodeCursor(query.before) : null,
      unreadOnly: query.unread ?? false,
      events: query.event === undefined ? [] : [query.event].flat(),
    }
    // Introduces the user to the shared stream, which decides about earlier broadcasts.
    await this.#feed.head(userKey)
    const { items, next, ...counted } = await this.#log.inbox(userKey, selection)
    return { notifications: items, nextBefore: next ? encodeCursor(next) : null, ...counted }
  }

  async recent(limit?: number): Promise<LoggedNotification[]> {
    return this.#log.recent(pageSize(limit))
  }

  async markRead(userId: UserId, which: ReadSelection): Promise<number> {
    return this.#feed.markRead(checkedUserKey(userId), checkedSelection(which))
  }

  async remove(userId: UserId, id: string): Promise<boolean> {
    return this.#feed.remove(checkedUserKey(userId), id)
  }
}

function pageSize(limit = 50): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 500) return limit
  throw new FocusError('invalid_request', 'limit: expected a whole number from 1 to 500.', {
    hint: 'Leave it out for 50, and follow next_before for more.',
  })
}
