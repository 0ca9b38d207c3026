import type { UserKey } from '../user-id.ts'
import type { NotificationLog, ReadSelection, StateChange } from './log.ts'
import type { Recipients } from './recipients.ts'
import type { NotificationEvent, NotificationPublisher, StreamHead } from './types.ts'

/** The streams as readers see them: heads, events, and what was read. Every reader is known to the shared stream. */
export class Feed {
  readonly #log: NotificationLog
  readonly #recipients: Recipients
  readonly #publisher: NotificationPublisher

  constructor(log: NotificationLog, recipients: Recipients, publisher: NotificationPublisher) {
    this.#log = log
    this.#recipients = recipients
    this.#publisher = publisher
  }

  async head(userKey: UserKey): Promise<StreamHead> {
    const [head] = await this.heads([userKey])
    if (!head) throw new TypeError('heads() answers every key')
    return head
  }

  async heads(userKeys: readonly UserKey[]): Promise<StreamHead[]> {
    if (userKeys.length === 0) return []
    const heads = await this.#log.heads(userKeys)
    const unseen = userKeys.filter((_, index) => heads[index]?.unseen)
    if (unseen.length === 0) return heads
    for (const userKey of unseen) await this.introduce(userKey)
    return this.#log.heads(userKeys)
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
    this.#tell(userKey, 'read', change)
    return change?.unreadCount ?? unreadCount
  }

  async remove(userKey: UserKey, id: string): Promise<boolean> {
    await this.head(userKey)
    const change = await this.#log.remove(userKey, id)
    this.#tell(userKey, 'deleted', change)
    return change !== null
  }

  /** Tells the shared stream since when the user has been there, before they first read it. */
  async introduce(userKey: UserKey): Promise<void> {
    const recipient = await this.#recipients.find(userKey)
    await this.#log.firstSight(userKey, recipient?.createdAt ?? null)
  }

  #tell(userKey: UserKey, state: 'read' | 'deleted', change: StateChange | null): void {
    if (change) this.#publisher.stateChanged({ userKey, state, ...change })
  }
}
