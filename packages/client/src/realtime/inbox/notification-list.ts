import { Emitter, type ErrorSink } from '../../emitter.ts'
import { FocusClientError } from '../../errors.ts'
import type { InboxPage } from './inbox.ts'
import type { Knowledge, Marks } from './marks.ts'
import type { FocusNotification } from '../notification.ts'
import type { NotificationSource } from '../notification-source.ts'

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

export interface ListOptions {
  readonly notifications: NotificationSource
  readonly marks: Marks
  /** The newest page has come, or has not. */
  readonly loaded: (isLoaded: boolean) => void
  /** Shown ones have come to their end. */
  readonly expired: (notifications: readonly FocusNotification[]) => void
  /** The server's clock, in milliseconds since 1970. */
  readonly now: () => number
  readonly onError: ErrorSink
}

export const emptyList: ListSnapshot = { items: [], hasMore: false, isLoading: false, error: null }

/** The longest time that timers take. */
const longestMs = 2 ** 31 - 1

/**
 * The inbox as a list that keeps itself up to date: pages of the inbox, what arrives live, and what is read or deleted
 * anywhere. It starts with its first listener or load, and costs nothing before.
 */
export class NotificationList {
  readonly #options: ListOptions
  readonly #changes: Emitter<ListSnapshot>
  #snapshot = emptyList
  #nextBefore: string | null = null
  #knowledge: Knowledge | undefined
  #isUsed = false
  /** Whether the first page has come; false again after a load that failed. */
  #isLoaded = false
  /** Grows with every reset, so that an answer for somebody else is not shown. */
  #generation = 0
  #loading: Promise<void> | null = null
  #reloadAgain = false
  /** Notifications that arrived since the current request began: its answer may not have them. */
  #arrived: FocusNotification[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ListOptions) {
    this.#options = options
    this.#changes = new Emitter(options.onError)
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

  /** State of the streams at the newest page; undefined without one, and for servers that do not say. @internal */
  get knowledge(): Knowledge | undefined {
    return this.#knowledge
  }

  /** Forgets what was shown. @internal */
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

  #start(): Promise<void> {
    this.#begin()
    return this.#load(null)
  }

  #begin(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    const { notifications, marks } = this.#options
    notifications.on('notification', (notification) => {
      this.#arrived.push(notification)
      this.#show({ items: this.#combined(this.#snapshot.items, [notification]) })
    })
    notifications.on('change', () => this.#show({ items: marks.applied(this.#snapshot.items) }))
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
    // The server decides: only notifications that arrived since it was asked stay.
    const shown = isFirst ? this.#arrived : this.#snapshot.items
    this.#show({ items: this.#combined(shown, notifications), hasMore: nextBefore !== null, error: null })
    if (isFirst) this.#options.loaded(true)
  }

  #fail(error: unknown, isFirst: boolean): void {
    const { notifications, loaded } = this.#options
    const known = error instanceof FocusClientError ? error : null
    // A server that knows only the first protocol has no inbox, and no positions; nobody signed in has nothing in it.
    const hasNone = known?.status === 404 && notifications.position === null
    if (isFirst) this.#isLoaded = false
    if (hasNone || known?.code === 'not_signed_in') return this.#show({ hasMore: false, error: null })
    const problem = known ?? new FocusClientError('network_error', 'The inbox could not be loaded.', { cause: error })
    this.#show({ error: problem })
    if (isFirst) loaded(false)
  }

  /** Of two versions of one notification the one with the higher offset counts; of equal ones, the later. */
  #combined(shown: readonly FocusNotification[], incoming: readonly FocusNotification[]): FocusNotification[] {
    const byId = new Map(shown.map((item) => [item.id, item]))
    for (const item of incoming) {
      if ((byId.get(item.id)?.offset ?? 0) <= (item.offset ?? 0)) byId.set(item.id, item)
    }
    return inOrder(this.#options.marks.applied([...byId.values()]))
  }

  #show(change: Partial<ListSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    if (change.items) this.#awaitExpiry()
    this.#changes.emit(this.#snapshot)
  }

  /** One timer, for the first that comes to its end. */
  #awaitExpiry(): void {
    clearTimeout(this.#timer)
    const first = Math.min(...this.#snapshot.items.map(endOf))
    if (first === Infinity) return
    const { now, expired } = this.#options
    const wait = Math.min(Math.max(0, first - now()), longestMs)
    this.#timer = setTimeout(() => {
      const over = this.#snapshot.items.filter((item) => endOf(item) <= now())
      if (over.length > 0) expired(over)
      else this.#awaitExpiry()
    }, wait)
  }
}

function endOf({ expiresAt }: FocusNotification): number {
  return expiresAt === null ? Infinity : Date.parse(expiresAt)
}

/** As the server orders its inbox: each stream by offset, and the two merged by time. */
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

/** Of one stream. */
function newestFirst(a: FocusNotification, b: FocusNotification): number {
  if (a.offset !== null && b.offset !== null) return b.offset - a.offset
  return timeOf(b) - timeOf(a) || (a.id < b.id ? 1 : -1)
}

function timeOf({ timestamp }: FocusNotification): number {
  return Date.parse(timestamp)
}
