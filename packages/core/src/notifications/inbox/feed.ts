import type { Logger } from '../../common/logging/logger.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NotificationLog } from '../log-port.ts'
import type { ReadSelection, StateChange, StoredHead } from './inbox-port.ts'
import { NewReaders } from './new-readers.ts'
import type { Recipients } from '../sending/recipients.ts'
import type { NotificationEvent, NotificationPublisher, StreamHead, UserHead } from '../ports.ts'

/** Reads streams and marks notifications as read. Introduces each reader to the shared stream of broadcasts. */
export class Feed {
  readonly #log: NotificationLog
  readonly #recipients: Recipients
  readonly #publisher: NotificationPublisher
  readonly #logger: Logger
  readonly #newReaders: NewReaders

  constructor(log: NotificationLog, recipients: Recipients, publisher: NotificationPublisher, logger: Logger) {
    this.#log = log
    this.#recipients = recipients
    this.#publisher = publisher
    this.#logger = logger
    this.#newReaders = new NewReaders(log, logger)
  }

  /** Returns the head of one user, after the user was introduced to the shared stream. */
  async head(userKey: UserKey): Promise<StreamHead> {
    const head = await this.#readHead(userKey)
    if (!head.unseen) return head
    const recipient = await this.#recipients.find(userKey)
    await this.#newReaders.record({ userKey, since: recipient?.createdAt ?? null })
    return this.#readHead(userKey)
  }

  /**
   * Returns heads in the order of `userKeys`. A new user whose lookup in the directory fails gets a head without earlier
   * broadcasts, so that the other users do not wait, and is looked up again the next time.
   */
  async heads(userKeys: readonly UserKey[]): Promise<UserHead[]> {
    if (userKeys.length === 0) return []
    const heads = await this.#log.heads(userKeys)
    const unseen = userKeys.filter((_, index) => heads[index]?.unseen)
    if (unseen.length === 0) return heads
    const ages = await this.#agesOf(unseen)
    const undated = unseen.filter((userKey) => ages.get(userKey) === null)
    await Promise.all(undated.map((userKey) => this.#newReaders.record({ userKey, since: null })))
    const since = new Map<UserKey, number>()
    for (const [userKey, createdAt] of ages) {
      if (createdAt === null) continue
      since.set(userKey, createdAt)
      this.#newReaders.recordLater(userKey, createdAt)
    }
    const hasBroadcasts = heads.some(({ all }) => all.offset > 0)
    return hasBroadcasts || undated.length > 0 ? this.#log.heads(userKeys, since) : heads
  }

  read(userKey: UserKey, after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    return this.#log.read(userKey, after, upTo, limit)
  }

  allHead(): Promise<StreamHead> {
    return this.#log.allHead()
  }

  readAll(after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    return this.#log.read(null, after, upTo, limit)
  }

  async markRead(userKey: UserKey, which: ReadSelection): Promise<number> {
    const { unreadCount } = await this.head(userKey)
    const change = await this.#log.markRead(userKey, which)
    this.#publish(userKey, 'read', change)
    return change?.unreadCount ?? unreadCount
  }

  async remove(userKey: UserKey, id: string): Promise<boolean> {
    await this.head(userKey)
    const change = await this.#log.remove(userKey, id)
    this.#publish(userKey, 'deleted', change)
    return change !== null
  }

  async close(): Promise<void> {
    await this.#newReaders.close()
  }

  /** Returns since when users exist, null where that is unknown. Users whose lookup failed are missing. */
  async #agesOf(userKeys: readonly UserKey[]): Promise<Map<UserKey, number | null>> {
    const ages = new Map<UserKey, number | null>()
    for (const userKey of userKeys) {
      const since = this.#newReaders.waitingSince(userKey)
      if (since !== undefined) ages.set(userKey, since)
    }
    const unknown = userKeys.filter((userKey) => !ages.has(userKey))
    const { found, failures } = await this.#recipients.creationTimes(unknown)
    if (failures.length > 0) {
      const fields = { failed: failures.length, error: failures[0] }
      this.#logger.warn('The user directory failed; new users see no earlier broadcasts until it answers', fields)
    }
    for (const [userKey, createdAt] of found) ages.set(userKey, createdAt)
    return ages
  }

  async #readHead(userKey: UserKey): Promise<StoredHead> {
    const [head] = await this.#log.heads([userKey])
    if (!head) throw new TypeError('the log returns a head for every key')
    return head
  }

  #publish(userKey: UserKey, state: 'read' | 'deleted', change: StateChange | null): void {
    if (change) this.#publisher.stateChanged({ userKey, state, ...change })
  }
}
