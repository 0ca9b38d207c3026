import type { Emitter, ErrorSink, ListenOptions } from '../emitter.ts'
import type { ClientMessage, ServerMessage } from '../protocol.ts'
import type { AccessTokens } from '../session/session.ts'
import { Connection, type SocketAuth } from './connection/connection.ts'
import { createEmitters, type Emitters, type InboxChange, type NotificationEvents } from './events.ts'
import type { Inbox, InboxPage, InboxQuery } from './inbox/inbox.ts'
import type { ConnectionState } from './connection/connection-machine.ts'
import { InboxSync } from './inbox/inbox-sync.ts'
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
  /** Id of the user who is signed in at the start. */
  readonly userId: number | string | undefined
  readonly onError: ErrorSink
  socketUrl(): URL
}

/** The user's notifications: the connection that delivers them, and the inbox that stores them. */
export class Notifications implements AsyncIterable<FocusNotification> {
  /** The inbox as a live list, newest first. The first listener loads the first page. */
  readonly list: NotificationList
  readonly #inbox: Inbox
  readonly #connection: Connection
  readonly #position: PositionTracker
  readonly #subscription: Subscription
  readonly #receiver: Receiver
  readonly #emitters: Emitters
  readonly #unread: UnreadCount
  readonly #sync: InboxSync
  readonly #marks = new Marks()
  /** User of the position; undefined while unknown. */
  #userId: number | string | undefined
  /** Whether `connect()` was called: the release of the last hold does not disconnect then. */
  #isPinned = false
  #holds = 0

  constructor(options: NotificationsOptions) {
    const emitters = createEmitters(options.onError)
    this.#emitters = emitters
    this.#inbox = options.inbox
    this.#sync = new InboxSync(
      this,
      (knowledge) => this.#receiver.isBehind(knowledge),
      () => {
        // A failure is ignored: the next reason reads the count again.
        if (emitters.unread.size > 0) this.inbox({ limit: 1 }).catch(() => undefined)
      },
    )
    this.#unread = new UnreadCount(emitters.unread, () => this.#sync.recount())
    this.#position = new PositionTracker(options.position)
    this.#userId = options.userId
    this.#subscription = new Subscription(options.events)
    this.list = new NotificationList({
      notifications: this,
      marks: this.#marks,
      loaded: (isLoaded) => this.#sync.loaded(isLoaded),
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
      resync: () => this.#sync.resync(),
      recount: () => this.#sync.recount(),
    })
    this.#connection = new Connection({
      tokens: options.tokens,
      auth: options.socketAuth,
      WebSocket: options.WebSocket,
      url: () => this.#socketUrl(options.socketUrl()),
      message: (message) => this.#handle(message),
      state: (state) => this.#stateChanged(state),
      forget: () => this.#receiver.forgetPosition(),
    })
  }

  /** State of the connection: `idle`, `connecting`, `open`, `reconnecting` or `closed`. */
  get state(): ConnectionState {
    return this.#connection.state
  }

  get isConnected(): boolean {
    return this.state.status === 'open'
  }

  /** Number of unread notifications by the server's count; 0 before the first count. */
  get unreadCount(): number {
    return this.#unread.value
  }

  /** Position up to which notifications were seen; null before the first connection. See the option `position`. */
  get position(): Position | null {
    return this.#position.current
  }

  /** Subscribed topics; null while there is no subscription. */
  get events(): readonly string[] | null {
    return this.#subscription.events
  }

  /** The current socket, for features that this class does not have; null while there is none. */
  get socket(): WebSocket | null {
    return this.#connection.socket
  }

  /**
   * Connects, and stays connected until `disconnect()` or an abort. Without a signed-in user it waits for a sign-in.
   * It returns immediately: listen to `state`, or await `whenOpen()`.
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
    this.#sync.stop()
    this.#connection.dispatch({ type: 'disconnect' })
  }

  /** @internal */
  close(): void {
    this.disconnect()
    this.list.close()
  }

  /** Reconnects now instead of at `retryAt`, for a button in a "disconnected" message. */
  retry(): void {
    this.#connection.dispatch({ type: 'retry' })
  }

  /**
   * Keeps the connection open until all holds are released, for components that share it. Returns the function that
   * releases the hold. The connection closes shortly after the last release, so that a quick remount keeps it.
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
   * @throws FocusClientError `connection_closed` if the client will not reconnect; the signal's reason after an abort
   */
  whenOpen(options: ListenOptions = {}): Promise<void> {
    return whenOpen(this.state, this.#emitters.state, options)
  }

  /**
   * Adds a listener for one kind of event. Returns the function that removes it; so does the signal.
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
   * Returns the notifications from now on, for `for await`. It ends with `disconnect()` or the signal.
   *
   * @throws FocusClientError `connection_closed` if the connection ends for another reason
   */
  stream(options: ListenOptions = {}): AsyncIterableIterator<FocusNotification> {
    return new NotificationQueue(this, options)
  }

  [Symbol.asyncIterator](): AsyncIterator<FocusNotification> {
    return this.stream()
  }

  /** Subscribes to topics, in addition to earlier ones. Notifications without a topic always arrive. */
  subscribe(events: readonly string[]): void {
    this.#subscription.add(events)
    this.send({ action: 'subscribe', events: [...events] })
  }

  unsubscribe(events: readonly string[]): void {
    this.#subscription.remove(events)
    this.send({ action: 'unsubscribe', events: [...events] })
  }

  /** Sends a message of the protocol. Returns false without an open connection. The answer arrives as a `message` event. */
  send(message: ClientMessage): boolean {
    return this.#connection.send(message)
  }

  /**
   * Reads one page of the inbox, newest first, broadcasts included.
   *
   * @throws FocusClientError `not_signed_in`, `network_error`, and the server's codes
   */
  async inbox(query: InboxQuery = {}): Promise<InboxPage> {
    const page = await this.#unread.setFrom(this.#inbox.page(query), (answer) => answer)
    // Notifications may have been read or deleted while the answer was on its way.
    return { ...page, notifications: this.#marks.apply(page.notifications) }
  }

  /** Marks notifications as read, on this page immediately, and on the user's other tabs and devices. @throws as `inbox` */
  async markRead(ids: string | Iterable<string>): Promise<void> {
    const wanted = typeof ids === 'string' ? [ids] : [...ids]
    const known = wanted.filter(isServerId)
    await this.#change({ ids: wanted, state: 'read' }, () =>
      known.length === 0 ? undefined : this.#inbox.markRead({ ids: known }),
    )
  }

  /** Marks all notifications as read. @throws as `inbox` */
  async markAllRead(): Promise<void> {
    const ids = this.list.snapshot.items.map(({ id }) => id)
    await this.#change({ ids, state: 'read' }, () => this.#inbox.markRead({ all: true }))
  }

  /** Deletes a notification from the inbox. @throws as `inbox`, `unknown_notification` */
  async remove(id: string): Promise<void> {
    await this.#change({ ids: [id], state: 'deleted' }, () => (isServerId(id) ? this.#inbox.remove(id) : undefined))
  }

  /**
   * Handles a sign-in or sign-out. The position is kept after a sign-out, and forgotten if another user signs in.
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
    if (isSignedIn && this.list.isUsed) this.#sync.resync()
  }

  #socketUrl(url: URL): URL {
    for (const [name, value] of Object.entries(this.#position.query())) url.searchParams.set(name, value)
    const { events } = this.#subscription
    if (events) url.searchParams.set('events', events.join(','))
    return url
  }

  #handle(message: ServerMessage): void {
    if (message.type === 'auth_expiring') this.#connection.reauthenticate()
    this.#receiver.handle(message)
  }

  #stateChanged(state: ConnectionState): void {
    const { except } = this.#subscription
    // The address contains only the wanted topics.
    if (state.status === 'open' && except.length > 0) this.send({ action: 'unsubscribe', events: [...except] })
    this.#sync.compare()
    this.#emitters.state.emit(state)
  }

  /** Shows a change immediately. If the server refuses it, the server's state is loaded again. */
  async #change(change: InboxChange, work: () => Promise<number | undefined> | undefined): Promise<void> {
    this.#apply(change)
    try {
      const request = work()
      if (request)
        await this.#unread.setFrom(request, (unreadCount) => (unreadCount === undefined ? null : { unreadCount }))
    } catch (error) {
      this.#marks.withdraw(change)
      this.#sync.resync()
      throw error
    }
  }

  #apply(change: InboxChange): void {
    const unread = change.ids.filter((id) => this.list.find(id)?.readAt === null)
    this.#marks.note(change, this.#position.heads, (id) => this.list.find(id)?.offset ?? 0)
    this.#unread.subtract(unread.length)
    this.#emitters.change.emit(change)
  }

  #expired(notifications: readonly FocusNotification[]): void {
    this.#apply({ ids: notifications.map(({ id }) => id), state: 'deleted' })
  }
}
