import { randomUUID } from 'node:crypto'
import type {
  NotificationEvent,
  NotificationPublisher,
  StreamHead,
  UserHead,
} from '../../../src/notifications/ports.ts'
import type { NotificationFeed } from '../../../src/realtime/ports.ts'
import type { UserKey } from '../../../src/common/user-id.ts'

interface MemoryStream {
  head: number
  oldest: number
  rows: NotificationEvent[]
  unread: Set<string>
  stateRev: number
}

export interface Content {
  title?: string
  message?: string
  type?: string
  event?: string | null
  data?: NotificationEvent['data']
}

/** A notification log in memory that can simulate faults: pruning, a restore, lost wake-ups, slow reads. */
export class MemoryFeed implements NotificationFeed {
  epoch = 'k3f9'
  /** While this is false, events are committed and their wake-ups are lost. */
  publishing = true
  /** Awaited by each read, so that a test can delay it or let it fail. */
  gate: () => Promise<void> = async () => undefined
  reads = 0
  readonly #streams = new Map<UserKey | null, MemoryStream>()
  readonly #publisher: NotificationPublisher

  constructor(publisher: NotificationPublisher) {
    this.#publisher = publisher
  }

  notify(userKey: UserKey | null, content: Content = {}): NotificationEvent {
    const [event] = this.notifyMany(userKey, [content])
    if (!event) throw new Error('No event was committed')
    return event
  }

  /** Commits several events at once, as a group commit does. */
  notifyMany(userKey: UserKey | null, contents: readonly Content[]): NotificationEvent[] {
    const stream = this.#stream(userKey)
    const events = contents.map((content) => this.#commit(stream, userKey, content, randomUUID(), 1))
    if (this.publishing) this.#publisher.notificationsCommitted(events)
    return events
  }

  /** Merges into an earlier notification: the row moves to a new offset. */
  merge(userKey: UserKey, id: string): NotificationEvent {
    const stream = this.#stream(userKey)
    const merged = stream.rows.find((row) => row.id === id)
    if (!merged) throw new Error('unknown notification')
    stream.rows = stream.rows.filter((row) => row !== merged)
    const event = this.#commit(stream, userKey, merged, id, merged.count + 1)
    if (this.publishing) this.#publisher.notificationsCommitted([event])
    return event
  }

  prune(userKey: UserKey | null, oldest: number): void {
    const stream = this.#stream(userKey)
    stream.rows = stream.rows.filter(({ offset }) => offset >= oldest)
    stream.oldest = oldest
  }

  /** Restores an earlier state, as a backup does. */
  restore(userKey: UserKey, head: number): void {
    const stream = this.#stream(userKey)
    stream.rows = stream.rows.filter(({ offset }) => offset <= head)
    stream.head = head
  }

  async head(userKey: UserKey): Promise<StreamHead> {
    const [head] = await this.heads([userKey])
    if (!head) throw new Error('no head')
    return head
  }

  async heads(userKeys: readonly UserKey[]): Promise<UserHead[]> {
    const all = this.#head(null)
    const heads = userKeys.map((userKey) => ({ ...this.#head(userKey), all }))
    await this.#read()
    return heads
  }

  async allHead(): Promise<StreamHead> {
    const head = this.#head(null)
    await this.#read()
    return head
  }

  async read(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    const rows = this.#stream(userKey).rows.filter(({ offset }) => offset > after && offset <= upTo)
    await this.#read()
    return rows.slice(0, limit)
  }

  readAll(after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    return this.read(null, after, upTo, limit)
  }

  async markRead(
    userKey: UserKey,
    which: { ids: readonly string[] } | { upToOffset: number; stream?: 'all' },
  ): Promise<number> {
    await this.#read()
    const stream = this.#stream(userKey)
    const ids =
      'ids' in which ? which.ids : stream.rows.filter(({ offset }) => offset <= which.upToOffset).map(({ id }) => id)
    const changed = ids.filter((id) => stream.unread.delete(id))
    if (changed.length > 0) {
      stream.stateRev += 1
      const unreadCount = stream.unread.size
      const event = {
        userKey,
        ids: changed,
        state: 'read',
        unreadCount,
        stateRev: stream.stateRev,
        offset: stream.head,
        allOffset: this.#stream(null).head,
      } as const
      if (this.publishing) this.#publisher.stateChanged(event)
    }
    return stream.unread.size
  }

  #commit(
    stream: MemoryStream,
    userKey: UserKey | null,
    content: Content,
    id: string,
    count: number,
  ): NotificationEvent {
    stream.head += 1
    const event: NotificationEvent = {
      stream: userKey === null ? 'all' : 'user',
      userKey,
      epoch: this.epoch,
      offset: stream.head,
      id,
      type: content.type ?? 'info',
      title: content.title ?? `Title ${stream.head}`,
      message: content.message ?? `Message ${stream.head}`,
      event: content.event ?? null,
      data: content.data ?? {},
      timestamp: Date.now(),
      count,
      groupKey: null,
      expiresAt: null,
    }
    stream.rows.push(event)
    stream.unread.add(id)
    return event
  }

  async #read(): Promise<void> {
    this.reads += 1
    await this.gate()
  }

  #head(userKey: UserKey | null): StreamHead {
    const stream = this.#stream(userKey)
    return {
      epoch: this.epoch,
      offset: stream.head,
      oldest: stream.oldest,
      unreadCount: stream.unread.size,
      stateRev: stream.stateRev,
    }
  }

  #stream(userKey: UserKey | null): MemoryStream {
    let stream = this.#streams.get(userKey)
    if (!stream) {
      stream = { head: 0, oldest: 1, rows: [], unread: new Set(), stateRev: 0 }
      this.#streams.set(userKey, stream)
    }
    return stream
  }
}
