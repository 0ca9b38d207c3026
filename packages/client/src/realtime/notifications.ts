import { backoffMs } from '../backoff.ts'
import type { Emitter, ErrorSink, ListenOptions } from '../emitter.ts'
import type { ClientMessage, ServerMessage } from '../protocol.ts'
import type { AccessTokens } from '../session/session.ts'
import { Connection, type SocketAuth } from './connection/connection.ts'
import { createEmitters, type Emitters, type InboxChange, type NotificationEvents } from './events.ts'
import type { Inbox, InboxPage, InboxQuery } from './inbox/inbox.ts'
import type { ConnectionState } from './connection/connection-machine.ts'
import { Marks } from './inbox/marks.ts'
import { NotificationList } from './inbox/notification-list.ts'
import { NotificationQueue } from './notification-queue.ts'
import { type FocusNotification, isServerId } from './notification.ts'
import { type Position, PositionTracker } from './position.ts'
import { Receiver } from './receiver.ts'
import { Subscription } from './connection/subscription.ts'
import { UnreadCount } from './inbox/unread-count.ts'
import { whenOpen } from './connection/when-open.ts'

export interface NotificationsOptions {
  readonly inbox: Inbox
  readonly tokens: AccessTokens
  readonly socketAuth: SocketAuth
  readonly WebSocket: typeof globalThis.WebSocket | undefined
  readonly events: readonly string[] | undefined
  readonly position: Position | undefined
  /** Who is signed in from the start. */
  readonly userId: number | string | undefined
  readonly onError: ErrorSink
  socketUrl(): URL
}

/** One person's notifications: the connection that brings them, and the inbox that keeps them. */
export class Notifications implements AsyncIterable<FocusNotification> {
  /** Newest first, kept up to date; the first listener loads the first page. */
  readonly list: NotificationList
  readonly #inbox: Inbox
  readonly #connection: Connection
  readonly #position: PositionTracker
  readonly #subscription: Subscription
  readonly #receiver: Receiver
  readonly #emitters: Emitters
  readonly #unread: UnreadCount
  readonly #marks = new Marks()
  /** Whose position it is; undefined while that is not known. */
  #userId: number | string | undefined
  /** Somebody called `connect()`: releasing the last hold is then no reason to disconnect. */
  #isPinned = false
  #holds = 0
  #resyncTimer: ReturnType<typeof setTimeout> | undefined
  #recountTimer: ReturnType<typeof setTimeout> | undefined
  /** Loads that failed one after the other. */
  #failures = 0

  constructor(options: NotificationsOptions) {
    const emitters = createEmitters(options.onError)
    this.#emitters = emitters
    this.#inbox = options.inbox
    this.#unread = new UnreadCount(emitters.unread, () => this.#recount())
    this.#position = new PositionTracker(options.position)
    this.#userId = options.userId
    this.#subscription = new Subscription(options.events)
    this.list = new NotificationList({
      notifications: this,
      marks: this.#marks,
      loaded: (isLoaded) => this.#loaded(isLoaded),
      expired: (notifications) => this.#expired(notifications),
      now: () => this.#receiver.now(),
      onError: options.onError,
    })
    this.#receiver = new Receiver({
      emitters,
      position: this.#position,
      subscription: this.#subscription,
      unread: this.#unread,
      marks: this.#marks,
      find: (id) => this.list.find(id),
      resync: () => this.#resync(),
      recount: () => this.#recount(),
    })
    this.#connection = new Connection({
      tokens: options.tokens,
      auth: options.socketAuth,
      WebSocket: options.WebSocket,
      url: () => this.#socketUrl(options.socketUrl()),
      message: (message) => this.#hear(message),
      state: (state) => this.#stateChanged(state),
      forget: () => this.#receiver.forgetPosition(),
    })
  }

  /** Where the connection is: `idle`, `connecting`, `open`, `reconnecting` or `closed`. */
  get state(): ConnectionState {
    return this.#connection.state
  }

  get isConnected(): boolean {
    return this.state.status === 'open'
  }

  /** As the server counts; 0 until it said so. */
  get unreadCount(): number {
    return this.#unread.value
  }

  /** The place up to which notifications were seen; null before the first connection. See the option `position`. */
  get position(): Position | null {
    return this.#position.current
  }

  /** The topics in force; null while everything is wanted. */
  get events(): readonly string[] | null {
    return this.#subscription.events
  }

  /** The raw socket of the moment, for what this class does not offer; null while there is none. */
  get socket(): WebSocket | null {
    return this.#connection.socket
  }

  /**
   * Connects, and stays connected until `disconnect()` or an abort. Without a person signed in it waits for a sign-in.
   * Returns at once: listen to `state`, or await `whenOpen()`.
   */
  connect(options: ListenOptions = {}): void {
    const { signal } = options
    if (signal?.aborted) return
    signal?.addEventListener('abort', () => this.disconnect(), { once: true })
    this.#isPinned = true
    this.#connection.dispatch({ type: 'connect' })
  }

  disconnect(): void {
    this.#isPinned = false
    clearTimeout(this.#resyncTimer)
    clearTimeout(this.#recountTimer)
    this.#resyncTimer = undefined
    this.#recountTimer = undefined
    this.#connection.dispatch({ type: 'disconnect' })
  }

  /** @internal */
  close(): void {
    this.disconnect()
    this.list.close()
  }

  /** Tries now instead of at `retryAt`; for a button beside "disconnected". */
  retry(): void {
    this.#connection.dispatch({ type: 'retry' })
  }

  /**
   * Keeps the connection up for as long as somebody holds it: for components, several of which may need it. The answer
   * releases it; the connection ends a moment after the last release, so that an unmount with a mount behind it costs
   * nothing.
   */
  hold(): () => void {
    this.#holds += 1
    this.#connection.dispatch({ type: 'connect' })
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds -= 1
      setTimeout(() => {
        if (this.#holds === 0 && !this.#isPinned) this.disconnect()
      }, 0)
    }
  }

  /**
   * Resolves once the connection is open.
   *
   * @throws FocusClientError `connection_closed` when it has ended for good; the signal's reason when aborted
   */
  whenOpen(options: ListenOptions = {}): Promise<void> {
    return whenOpen(this.state, this.#emitters.state, options)
  }

  /**
   * Listens to one kind of event. The answer stops it, as does the signal.
   *
   * @example
   * ```ts
   * const stop = focus.notifications.on('notification', ({ title }) => toast(title))
   * ```
   */
  on<Name extends keyof NotificationEvents>(
    name: Name,
    listener: (value: NotificationEvents[Name]) => void,
    options?: ListenOptions,
  ): () => void {
    const emitter: Emitter<NotificationEvents[Name]> = this.#emitters[name]
    return emitter.add(listener, options)
  }

  /**
   * The notifications from now on, for `for await`. Ends with `disconnect()` or the signal.
   *
   * @throws FocusClientError `connection_closed` when the connection has ended for another reason
   */
  stream(options: ListenOptions = {}): AsyncIterableIterator<FocusNotification> {
    return new NotificationQueue(this, options)
  }

  [Symbol.asyncIterator](): AsyncIterator<FocusNotification> {
    return this.stream()
  }

  /** From now on only these topics, those subscribed to before, and notifications without a topic. */
  subscribe(events: readonly string[]): void {
    this.#subscription.add(events)
    this.send({ action: 'subscribe', events: [...events] })
  }

  unsubscribe(events: readonly string[]): void {
    this.#subscription.remove(events)
    this.send({ action: 'unsubscribe', events: [...events] })
  }

  /** Sends a message of the protocol; false when there is no open connection. The answer comes as a `message` event. */
  send(message: ClientMessage): boolean {
    return this.#connection.send(message)
  }

  /**
   * One page of the inbox, newest first, broadcasts among them.
   *
   * @throws FocusClientError `not_signed_in`, `network_error`, and the server's codes
   */
  async inbox(query: InboxQuery = {}): Promise<InboxPage> {
    const page = await this.#unread.setFrom(this.#inbox.page(query), (answer) => answer)
    // Some may have been read or deleted while the answer was on its way.
    return { ...page, notifications: this.#marks.applied(page.notifications) }
  }

  /** Marks as read, here at once and in the person's other tabs and devices. @throws as `inbox` */
  async markRead(ids: string | Iterable<string>): Promise<void> {
    const wanted = typeof ids === 'string' ? [ids] : [...ids]
    const known = wanted.filter(isServerId)
    await this.#change({ ids: wanted, state: 'read' }, () =>
      known.length === 0 ? undefined : this.#inbox.markRead({ ids: known }),
    )
  }

  /** @throws as `inbox` */
  async markAllRead(): Promise<void> {
    const ids = this.list.snapshot.items.map(({ id }) => id)
    await this.#change({ ids, state: 'read' }, () => this.#inbox.markRead({ all: true }))
  }

  /** Deletes from the inbox. @throws as `inbox`, `unknown_notification` */
  async remove(id: string): Promise<void> {
    await this.#change({ ids: [id], state: 'deleted' }, () => (isServerId(id) ? this.#inbox.remove(id) : undefined))
  }

  /**
   * Somebody signed in or out. A position outlives a sign-out, and is forgotten when somebody else signs in.
   *
   * @internal
   */
  userChanged(isSignedIn: boolean, userId: number | string | null): void {
    if (isSignedIn) {
      if (this.#userId !== undefined && userId !== this.#userId) this.#position.forget()
      this.#userId = userId ?? undefined
    }
    this.#receiver.reset()
    this.#marks.clear()
    this.list.reset()
    this.#connection.dispatch({ type: isSignedIn ? 'signed_in' : 'signed_out' })
    if (isSignedIn && this.list.isUsed) this.#resync()
  }

  #socketUrl(url: URL): URL {
    for (const [name, value] of Object.entries(this.#position.query())) url.searchParams.set(name, value)
    const { events } = this.#subscription
    if (events) url.searchParams.set('events', events.join(','))
    return url
  }

  #hear(message: ServerMessage): void {
    if (message.type === 'auth_expiring') this.#connection.reauthenticate()
    this.#receiver.hear(message)
  }

  #stateChanged(state: ConnectionState): void {
    const { except } = this.#subscription
    // Has no place in the address, where the topics that are wanted travel.
    if (state.status === 'open' && except.length > 0) this.send({ action: 'unsubscribe', events: [...except] })
    // What could not be loaded while the server was away can be now.
    this.#compare()
    this.#emitters.state.emit(state)
  }

  /** Shows the change at once; when the server refuses it, what the server has is shown again. */
  async #change(change: InboxChange, work: () => Promise<number | undefined> | undefined): Promise<void> {
    this.#apply(change)
    try {
      const request = work()
      if (request)
        await this.#unread.setFrom(request, (unreadCount) => (unreadCount === undefined ? null : { unreadCount }))
    } catch (error) {
      this.#marks.withdraw(change)
      this.#resync()
      throw error
    }
  }

  #apply(change: InboxChange): void {
    const unread = change.ids.filter((id) => this.list.find(id)?.readAt === null)
    this.#marks.note(change, this.#position.heads, (id) => this.list.find(id)?.offset ?? 0)
    this.#unread.less(unread.length)
    this.#emitters.change.emit(change)
  }

  #expired(notifications: readonly FocusNotification[]): void {
    this.#apply({ ids: notifications.map(({ id }) => id), state: 'deleted' })
  }

  /** Reads again what the server has: soon, once, and spread out, because a server's restart asks it of everybody. */
  #resync(waitMs = 0): void {
    this.#resyncTimer ??= setTimeout(() => {
      this.#resyncTimer = undefined
      if (this.list.isUsed) void this.list.reload()
      else this.#recount()
    }, waitMs + spreadMs())
  }

  /** Tries again later while the connection stands; otherwise the next connection does. */
  #loaded(isLoaded: boolean): void {
    if (!isLoaded && this.isConnected) this.#resync(backoffMs(this.#failures, Math.random()))
    this.#failures = isLoaded ? 0 : this.#failures + 1
    this.#compare()
  }

  /** Page and connection may have begun one after the other, with something in between. */
  #compare(): void {
    const { isMissing, knowledge } = this.list
    if (this.isConnected && (isMissing || (knowledge && this.#receiver.isBehind(knowledge)))) this.#resync()
  }

  #recount(): void {
    this.#recountTimer ??= setTimeout(() => {
      this.#recountTimer = undefined
      // A failure is left for the next reason to ask.
      if (this.#emitters.unread.size > 0) this.inbox({ limit: 1 }).catch(() => undefined)
    }, spreadMs())
  }
}

function spreadMs(): number {
  return 50 + Math.random() * 200
}
