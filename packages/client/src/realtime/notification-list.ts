import { Emitter, type ErrorSink } from '../emitter.ts'
import { FocusClientError } from '../errors.ts'
import type { InboxChange } from './events.ts'
import type { InboxPage } from './inbox.ts'
import type { FocusNotification } from './notification.ts'
import type { Notifications } from './notifications.ts'

/** What a list shows; a new object at every change, the same one in between. */
export interface ListSnapshot {
  /** Newest first. */
  readonly items: readonly FocusNotification[]
  /** Whether `loadMore()` would bring older ones. */
  readonly hasMore: boolean
  readonly isLoading: boolean
  /** Why the last load failed; null when it did not. */
  readonly error: FocusClientError | null
}

export const emptyList: ListSnapshot = { items: [], hasMore: false, isLoading: false, error: null }

/**
 * The inbox as a list that keeps itself up to date: pages of the inbox, what arrives live, and what is read or deleted
 * anywhere. It starts with its first listener or load, and costs nothing before.
 */
export class NotificationList {
  readonly #notifications: Notifications
  readonly #changes: Emitter<ListSnapshot>
  #snapshot = emptyList
  #nextBefore: string | null = null
  #isUsed = false
  /** Whether the first page has come; false again after a load that failed. */
  #isLoaded = false
  /** Grows with every reset, so that an answer for somebody else is not shown. */
  #generation = 0
  #loading: Promise<void> | null = null
  #reloadAgain = false

  constructor(notifications: Notifications, onError: ErrorSink) {
    this.#notifications = notifications
    this.#changes = new Emitter(onError)
  }

  get snapshot(): ListSnapshot {
    return this.#snapshot
  }

  /** Listens to changes, and loads the first page if nobody did so far. The answer stops it. */
  subscribe(listener: (snapshot: ListSnapshot) => void): () => void {
    const remove = this.#changes.add(listener)
    if (!this.#isUsed) void this.#start()
    return remove
  }

  /** Shows older ones too. Does nothing at the end of the inbox. What fails is in `snapshot.error`. */
  async loadMore(): Promise<void> {
    if (!this.#isUsed) return this.#start()
    if (this.#loading) return this.#loading
    if (this.#nextBefore !== null) await this.#load(this.#nextBefore)
    else if (this.#snapshot.error) await this.reload()
  }

  /** Reads the newest page again, and begins anew from there. */
  reload(): Promise<void> {
    this.#begin()
    if (this.#loading) {
      this.#reloadAgain = true
      return this.#loading
    }
    return this.#load(null)
  }

  /** The notification of that id, if it is shown. */
  find(id: string): FocusNotification | undefined {
    return this.#snapshot.items.find((item) => item.id === id)
  }

  /** Whether anybody looks at it. @internal */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Whether somebody looks at it in vain, because a load failed. @internal */
  get isMissing(): boolean {
    return this.#isUsed && !this.#isLoaded && !this.#loading
  }

  /** Forgets what was shown. @internal */
  reset(): void {
    this.#generation += 1
    this.#loading = null
    this.#isLoaded = false
    this.#nextBefore = null
    this.#show(emptyList)
  }

  #start(): Promise<void> {
    this.#begin()
    return this.#load(null)
  }

  #begin(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    this.#notifications.on('notification', (notification) => this.#show({ items: this.#merge([notification]) }))
    this.#notifications.on('change', (change) => this.#show({ items: applied(this.#snapshot.items, change) }))
  }

  #load(before: string | null): Promise<void> {
    const generation = this.#generation
    this.#show({ isLoading: true })
    const loading = this.#notifications
      .inbox(before === null ? {} : { before })
      .then(
        (page) => {
          if (generation === this.#generation) this.#add(page, before === null)
        },
        (error: unknown) => {
          if (generation === this.#generation) this.#fail(error, before === null)
        },
      )
      .then(() => {
        if (generation !== this.#generation) return undefined
        this.#loading = null
        this.#show({ isLoading: false })
        if (!this.#reloadAgain) return undefined
        this.#reloadAgain = false
        return this.#load(null)
      })
    this.#loading = loading
    return loading
  }

  #add({ notifications, nextBefore }: InboxPage, isFirst: boolean): void {
    this.#nextBefore = nextBefore
    this.#isLoaded = true
    // The newest page decides: what it should hold and does not was deleted, and older pages are asked for again.
    const live = this.#snapshot.items.filter((item) => item.offset === null || isNewer(item, notifications[0]))
    const items = isFirst ? this.#merge(notifications, live) : this.#merge(notifications)
    this.#show({ items, hasMore: nextBefore !== null, error: null })
  }

  #fail(error: unknown, isFirst: boolean): void {
    const known = error instanceof FocusClientError ? error : null
    // A server that knows only the first protocol has no inbox, and no positions; nobody signed in has nothing in it.
    const hasNone = known?.status === 404 && this.#notifications.position === null
    if (isFirst) this.#isLoaded = false
    if (hasNone || known?.code === 'not_signed_in') return this.#show({ hasMore: false, error: null })
    const problem = known ?? new FocusClientError('network_error', 'The inbox could not be loaded.', { cause: error })
    this.#show({ error: problem })
  }

  #merge(
    incoming: readonly FocusNotification[],
    shown: readonly FocusNotification[] = this.#snapshot.items,
  ): FocusNotification[] {
    const byId = new Map(shown.map((item) => [item.id, item]))
    for (const item of incoming) {
      const before = byId.get(item.id) ?? this.find(item.id)
      byId.set(item.id, before ? newest(before, item) : item)
    }
    return [...byId.values()].sort(newestFirst)
  }

  #show(change: Partial<ListSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    this.#changes.emit(this.#snapshot)
  }
}

/** Of two versions of one notification: a merge has a higher offset; of one version, having been read is later. */
function newest(shown: FocusNotification, incoming: FocusNotification): FocusNotification {
  const difference = (incoming.offset ?? 0) - (shown.offset ?? 0)
  if (difference !== 0) return difference > 0 ? incoming : shown
  return incoming.readAt === null && shown.readAt !== null ? shown : incoming
}

function newestFirst(a: FocusNotification, b: FocusNotification): number {
  const difference = Date.parse(b.timestamp) - Date.parse(a.timestamp)
  if (difference !== 0) return difference
  if (a.stream === b.stream && a.offset !== null && b.offset !== null) return b.offset - a.offset
  return a.id < b.id ? 1 : -1
}

function isNewer(item: FocusNotification, than: FocusNotification | undefined): boolean {
  return than === undefined || newestFirst(item, than) < 0
}

function applied(items: readonly FocusNotification[], { ids, state }: InboxChange): readonly FocusNotification[] {
  const concerned = new Set(ids)
  if (state === 'deleted') return items.filter(({ id }) => !concerned.has(id))
  const now = new Date().toISOString()
  return items.map((item) => (concerned.has(item.id) && item.readAt === null ? { ...item, readAt: now } : item))
}
