import { Emitter, type ErrorSink } from '../../emitter.ts'
import { type FocusClientError, toClientError } from '../../errors.ts'
import type { InboxPage } from './inbox.ts'
import type { Knowledge, Marks } from './marks.ts'
import type { FocusNotification } from '../notification.ts'
import type { NotificationSource } from '../notification-source.ts'

/** State of a list. Each change creates a new object. */
export interface ListSnapshot {
  /** Newest first. */
  readonly items: readonly FocusNotification[]
  /** Whether `loadMore()` can load older notifications. */
  readonly hasMore: boolean
  readonly isLoading: boolean
  /** Error of the last load; null after a success. */
  readonly error: FocusClientError | null
}

export interface ListOptions {
  readonly notifications: NotificationSource
  readonly marks: Marks
  /** Called after each load of the newest page. */
  readonly loaded: (isLoaded: boolean) => void
  /** Called when shown notifications expire. */
  readonly expired: (notifications: readonly FocusNotification[]) => void
  /** The server's clock, in milliseconds since 1970. */
  readonly now: () => number
  readonly onError: ErrorSink
}

export const emptyList: ListSnapshot = { items: [], hasMore: false, isLoading: false, error: null }

/** Longest delay of `setTimeout`. */
const maxTimerMs = 2 ** 31 - 1

/**
 * The inbox as a live list: its pages, new notifications, reads and deletions. It starts with its first listener or load,
 * and sends no request before.
 */
export class NotificationList {
  readonly #options: ListOptions
  readonly #changes: Emitter<ListSnapshot>
  #snapshot = emptyList
  #nextBefore: string | null = null
  #knowledge: Knowledge | undefined
  #isUsed = false
  /** Whether the last load of the newest page succeeded. */
  #isLoaded = false
  /** Number of resets, so that answers for an earlier user are not shown. */
  #generation = 0
  #loading: Promise<void> | null = null
  #reloadAgain = false
  /** Notifications that arrived since the start of the current request. Its answer may not have them. */
  #arrived: FocusNotification[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ListOptions) {
    this.#options = options
    this.#changes = new Emitter(options.onError)
  }

  get snapshot(): ListSnapshot {
    return this.#snapshot
  }

  /** Adds a listener for changes, and loads the first page if necessary. Returns the function that removes the listener. */
  subscribe(listener: (snapshot: ListSnapshot) => void): () => void {
    const remove = this.#changes.add(listener)
    if (!this.#isUsed) void this.reload()
    return remove
  }

  /** Loads older notifications. Does nothing at the end of the inbox. Never rejects: see `snapshot.error`. */
  async loadMore(): Promise<void> {
    if (!this.#isUsed) return this.reload()
    if (this.#loading) return this.#loading
    if (this.#nextBefore !== null) await this.#load(this.#nextBefore)
    else if (this.#snapshot.error) await this.reload()
  }

  /** Loads the newest page, and replaces the list with it. Never rejects: see `snapshot.error`. */
  reload(): Promise<void> {
    this.#follow()
    if (this.#loading) {
      this.#reloadAgain = true
      return this.#loading
    }
    return this.#load(null)
  }

  /** Returns the shown notification with this id. */
  find(id: string): FocusNotification | undefined {
    return this.#snapshot.items.find((item) => item.id === id)
  }

  /** Whether the list was started. @internal */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Whether the list was started and has no page, because a load failed. @internal */
  get isMissing(): boolean {
    return this.#isUsed && !this.#isLoaded && !this.#loading
  }

  /** Heads and revision at the newest page; undefined without a page, and with servers that omit them. @internal */
  get knowledge(): Knowledge | undefined {
    return this.#knowledge
  }

  /** Empties the list. @internal */
  reset(): void {
    this.#knowledge = undefined
    this.#generation += 1
    this.#loading = null
    this.#reloadAgain = false
    this.#isLoaded = false
    this.#nextBefore = null
    this.#show(emptyList)
  }

  /** @internal */
  close(): void {
    clearTimeout(this.#timer)
  }

  #follow(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    const { notifications, marks } = this.#options
    notifications.on('notification', (notification) => {
      this.#arrived.push(notification)
      this.#show({ items: this.#combined(this.#snapshot.items, [notification]) })
    })
    notifications.on('change', () => this.#show({ items: marks.apply(this.#snapshot.items) }))
  }

  #load(before: string | null): Promise<void> {
    const generation = this.#generation
    const isCurrent = () => generation === this.#generation
    this.#arrived = []
    this.#show({ isLoading: true })
    const loading = this.#options.notifications
      .inbox(before === null ? {} : { before })
      .then(
        (page) => {
          if (isCurrent()) this.#add(page, before === null)
        },
        (error: unknown) => {
          if (isCurrent()) this.#fail(error, before === null)
        },
      )
      .then(() => {
        if (!isCurrent()) return undefined
        this.#loading = null
        this.#show({ isLoading: false })
        if (!this.#reloadAgain) return undefined
        this.#reloadAgain = false
        return this.#load(null)
      })
    this.#loading = loading
    return loading
  }

  #add({ notifications, nextBefore, heads }: InboxPage, isFirst: boolean): void {
    this.#nextBefore = nextBefore
    if (isFirst) this.#knowledge = heads
    this.#isLoaded = true
    // The server's page replaces the list, except for notifications that arrived during the request.
    const shown = isFirst ? this.#arrived : this.#snapshot.items
    this.#show({ items: this.#combined(shown, notifications), hasMore: nextBefore !== null, error: null })
    if (isFirst) this.#options.loaded(true)
  }

  #fail(error: unknown, isFirst: boolean): void {
    const { notifications, loaded } = this.#options
    const problem = toClientError(error, 'network_error', 'The inbox could not be loaded.')
    // Servers of the first protocol have neither an inbox nor positions. Without a user, the inbox is empty.
    const hasNone = problem.status === 404 && notifications.position === null
    if (isFirst) this.#isLoaded = false
    if (hasNone || problem.code === 'not_signed_in') return this.#show({ hasMore: false, error: null })

    this.#show({ error: problem })
    if (isFirst) loaded(false)
  }

  /** Combines notifications. Of two versions, the higher offset wins; with equal offsets, the incoming one. */
  #combined(shown: readonly FocusNotification[], incoming: readonly FocusNotification[]): FocusNotification[] {
    const byId = new Map(shown.map((item) => [item.id, item]))
    for (const item of incoming) {
      if ((byId.get(item.id)?.offset ?? 0) <= (item.offset ?? 0)) byId.set(item.id, item)
    }
    return inOrder(this.#options.marks.apply([...byId.values()]))
  }

  #show(change: Partial<ListSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    if (change.items) this.#awaitExpiry()
    this.#changes.emit(this.#snapshot)
  }

  /** Sets the timer for the next expiry. */
  #awaitExpiry(): void {
    clearTimeout(this.#timer)
    const first = Math.min(...this.#snapshot.items.map(expiryOf))
    if (first === Infinity) return
    const { now, expired } = this.#options
    const wait = Math.min(Math.max(0, first - now()), maxTimerMs)
    this.#timer = setTimeout(() => {
      const ended = this.#snapshot.items.filter((item) => expiryOf(item) <= now())
      if (ended.length > 0) expired(ended)
      else this.#awaitExpiry()
    }, wait)
  }
}

function expiryOf({ expiresAt }: FocusNotification): number {
  return expiresAt === null ? Infinity : Date.parse(expiresAt)
}

/** Sorts notifications like the server's inbox: each stream by offset, and both merged by time. */
function inOrder(items: readonly FocusNotification[]): FocusNotification[] {
  const own = items.filter(({ stream }) => stream === 'user').sort(newestFirst)
  const all = items.filter(({ stream }) => stream === 'all').sort(newestFirst)
  const merged: FocusNotification[] = []
  for (const broadcast of all) {
    while (own[0] && timeOf(own[0]) >= timeOf(broadcast)) merged.push(...own.splice(0, 1))
    merged.push(broadcast)
  }
  return [...merged, ...own]
}

/** Compares two notifications of one stream. */
function newestFirst(a: FocusNotification, b: FocusNotification): number {
  if (a.offset !== null && b.offset !== null) return b.offset - a.offset
  return timeOf(b) - timeOf(a) || (a.id < b.id ? 1 : -1)
}

function timeOf({ timestamp }: FocusNotification): number {
  return Date.parse(timestamp)
}
