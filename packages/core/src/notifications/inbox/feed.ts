import { mapInChunks } from '../../common/async/chunks.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { NotificationLog } from '../log-port.ts'
import type { FirstSight, ReadSelection, StateChange } from './inbox-port.ts'
import type { Recipients } from '../sending/recipients.ts'
import type { NotificationEvent, NotificationPublisher, StreamHead } from '../ports.ts'

/** Reads streams and marks notifications as read. Introduces each reader to the shared stream of broadcasts. */
export class Feed {
  readonly #log: NotificationLog
  readonly #recipients: Recipients
  readonly #publisher: NotificationPublisher
  readonly #logger: Logger

  constructor(log: NotificationLog, recipients: Recipients, publisher: NotificationPublisher, logger: Logger) {
    this.#log = log
    this.#recipients = recipients
    this.#publisher = publisher
    this.#logger = logger
  }

  async head(userKey: UserKey): Promise<StreamHead> {
    const { heads, failures } = await this.#introduced([userKey])
    if (failures.length > 0) throw failures[0]
    const [head] = heads
    if (!head) throw new TypeError('the log returns a head for every key')
    return head
  }

  /**
   * Returns heads in the order of `userKeys`. A new user whose lookup in the directory fails gets a head without earlier
   * broadcasts, so that the other users do not wait, and is looked up again the next time.
   */
  async heads(userKeys: readonly UserKey[]): Promise<StreamHead[]> {
    const { heads, failures } = await this.#introduced(userKeys)
    if (failures.length > 0) {
      const fields = { failed: failures.length, error: failures[0] }
      this.#logger.warn('The user directory failed; new users see no earlier broadcasts until it answers', fields)
    }
    return heads
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

  /** Tells the shared stream when its readers were created, before their first read. */
  async #introduced(
    userKeys: readonly UserKey[],
  ): Promise<{ readonly heads: StreamHead[]; readonly failures: readonly unknown[] }> {
    if (userKeys.length === 0) return { heads: [], failures: [] }
    const heads = await this.#log.heads(userKeys)
    const unseen = userKeys.filter((_, index) => heads[index]?.unseen)
    if (unseen.length === 0) return { heads, failures: [] }
    const found: FirstSight[] = []
    const failures: unknown[] = []
    await mapInChunks(unseen, async (userKey) => {
      try {
        found.push(await this.#lookUp(userKey))
      } catch (error) {
        failures.push(error)
      }
    })
    if (found.length === 0) return { heads, failures }
    await this.#log.firstSight(found)
    return { heads: await this.#log.heads(userKeys), failures }
  }

  async #lookUp(userKey: UserKey): Promise<FirstSight> {
    const recipient = await this.#recipients.find(userKey)
    return { userKey, since: recipient?.createdAt ?? null }
  }

  #publish(userKey: UserKey, state: 'read' | 'deleted', change: StateChange | null): void {
    if (change) this.#publisher.stateChanged({ userKey, state, ...change })
  }
}
