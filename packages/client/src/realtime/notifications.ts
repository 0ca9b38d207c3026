import { Emitter, type ErrorSink, type ListenOptions } from '../emitter.ts'
import { FocusClientError } from '../errors.ts'
import type { ClientMessage, ConnectionMessage, ErrorMessage, NotificationMessage, ServerMessage } from '../protocol.ts'
import type { AccessTokens } from '../session/session.ts'
import { Connection, type SocketAuth } from './connection.ts'
import { connectionClosed } from './connection-closed.ts'
import type { Inbox, InboxPage, InboxQuery } from './inbox.ts'
import type { ConnectionState } from './machine.ts'
import { NotificationList } from './notification-list.ts'
import { NotificationQueue } from './notification-queue.ts'
import { type FocusNotification, isServerId, toNotification } from './notification.ts'
import { type Position, PositionTracker } from './position.ts'
import { Subscription } from './subscription.ts'

/** What can be listened to, and what the listener is given. */
export interface NotificationEvents {
  /** A notification, once, in the order of its stream. One that was merged into comes again, with its `count` raised. */
  notification: FocusNotification
  /** The connection's state changed. */
  state: ConnectionState
  /** The number of unread notifications changed. */
  unread: number
  /** Read or deleted, in this tab or elsewhere. */
  change: InboxChange
  /** Notifications that will not come one by one; they are in the inbox, as far as they still exist. */
  gap: Gap
  /** The server refused a message of this client, or an inbox that had to be loaded did not come. */
  error: FocusClientError
  /** Every message of the server, as it travelled. */
  message: ServerMessage
}

export interface InboxChange {
  readonly ids: readonly string[]
  readonly state: 'read' | 'deleted'
}

export interface Gap {
  /** `retention`: gone from the log. `too_far`: too many to send. `position_lost`: the log was restored or rewritten. */
  readonly reason: 'retention' | 'too_far' | 'position_lost'
}

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
  readonly #emitters: { readonly [Name in keyof NotificationEvents]: Emitter<NotificationEvents[Name]> }
  #unread = 0
  #stateRev: number | null = null
  /** Highest offset that arrived as a notification; the heartbeat being ahead of it means that a filter hid some. */
  #shownOffset = 0
  #positionLost = false
  /** Whose position it is; undefined while that is not known. */
  #userId: number | string | undefined
  /** Somebody called `connect()`: releasing the last hold is then no reason to disconnect. */
  #isPinned = false
  #holds = 0
  #resyncTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: NotificationsOptions) {
    const { onError, inbox } = options
    const emitter = <Value>() => new Emitter<Value>(onError)
    this.#emitters = {
      notification: emitter(),
      state: emitter(),
      unread: emitter(),
      change: emitter(),
      gap: emitter(),
      error: emitter(),
      message: emitter(),
    }
    this.#inbox = inbox
    this.#position = new PositionTracker(options.position)
    this.#userId = options.userId ?? undefined
    this.#subscription = new Subscription(options.events)
    this.#connection = new Connection({
      tokens: options.tokens,
      auth: options.socketAuth,
      WebSocket: options.WebSocket,
      url: () => this.#socketUrl(options.socketUrl()),
      message: (message) => this.#hear(message),
      state: (state) => this.#emitters.state.emit(state),
      forget: () => {
        this.#position.forget()
        this.#positionLost = true
      },
    })
    this.list = new NotificationList(this, onError)
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
    return this.#unread
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
    this.#connection.dispatch({ type: 'disconnect' })
  }

  /** Tries now instead of at `retryAt`; for a button beside "disconnected". */
  retry(): void {
    if (this.state.status === 'reconnecting') this.#connection.dispatch({ type: 'wake' })
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
    const { signal } = options
    return new Promise((resolve, reject) => {
      const stop = new AbortController()
      const look = (state: ConnectionState) => {
        if (state.status === 'open') resolve()
        else if (state.status === 'closed') reject(connectionClosed(state))
        else if (signal?.aborted) reject(signal.reason)
        else return
        stop.abort()
      }
      this.on('state', look, { signal: stop.signal })
      signal?.addEventListener('abort', () => look(this.state), { signal: stop.signal })
      look(this.state)
    })
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
    const page = await this.#inbox.page(query)
    this.#count(page.unreadCount)
    return page
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
    this.#positionLost = false
    this.#stateRev = null
    this.#shownOffset = 0
    this.#count(0)
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
    switch (message.type) {
      case 'connection':
        this.#connected(message)
        break
      case 'heartbeat':
        this.#heartbeat(message.offset ?? 0, message.state_rev)
        this.#position.heartbeat(message)
        break
      case 'notification':
        this.#receive(message)
        break
      case 'gap':
        this.#position.gap(message)
        this.#lost(message.reason)
        break
      case 'state':
        this.#emitters.change.emit({ ids: message.ids, state: message.state })
        this.#count(message.unread_count)
        // Too many to name: the inbox knows.
        if (message.ids.length === 0) this.#resync()
        this.#stateRevSeen(message.state_rev, 1)
        break
      case 'auth_expiring':
        this.#connection.reauthenticate()
        break
      case 'error':
        this.#emitters.error.emit(refusal(message))
        break
    }
    this.#emitters.message.emit(message)
  }

  #connected(message: ConnectionMessage): void {
    const isLost = this.#position.connected(message) || this.#positionLost
    this.#positionLost = false
    this.#shownOffset = message.stream?.offset ?? 0
    if (message.unread_count !== undefined) this.#count(message.unread_count)
    const { except } = this.#subscription
    if (except.length > 0) queueMicrotask(() => this.send({ action: 'unsubscribe', events: [...except] }))
    const reason = message.resume?.reason
    // Those two are told by a `gap` message of their own.
    if (isLost && reason !== 'retention' && reason !== 'too_far') this.#lost('position_lost')
    if (message.state_rev !== undefined) this.#stateRevSeen(message.state_rev, 0)
  }

  #receive(message: NotificationMessage): void {
    const isNew = this.#position.accept(message)
    this.#shownOffset = Math.max(this.#shownOffset, message.stream === 'all' ? 0 : (message.offset ?? 0))
    if (!isNew || !this.#subscription.wants(message.event)) return
    const notification = toNotification(message)
    const before = this.list.find(notification.id)
    // A replay is in the count that the connection began with; a merge may or may not have been unread before.
    if (notification.count > 1 && !before) this.#resync()
    else if (!notification.replayed && before?.readAt !== null) this.#count(this.#unread + 1)
    this.#emitters.notification.emit(notification)
  }

  #heartbeat(offset: number, stateRev: number | undefined): void {
    const { events, except } = this.#subscription
    const isFiltered = events !== null || except.length > 0
    // Hidden ones are unread too.
    if (isFiltered && offset > this.#shownOffset) this.#resync()
    this.#shownOffset = Math.max(this.#shownOffset, offset)
    if (stateRev !== undefined) this.#stateRevSeen(stateRev, 0)
  }

  /** @param step by how much the revision grows when nothing was missed */
  #stateRevSeen(revision: number, step: 0 | 1): void {
    const missed = this.#stateRev !== null && revision > this.#stateRev + step
    this.#stateRev = Math.max(this.#stateRev ?? 0, revision)
    if (missed) this.#resync()
  }

  #lost(reason: Gap['reason']): void {
    this.#emitters.gap.emit({ reason })
    this.#resync()
  }

  /** Shows the change at once; when the server refuses it, what the server has is shown again. */
  async #change(change: InboxChange, work: () => Promise<number | undefined> | undefined): Promise<void> {
    const unread = change.ids.filter((id) => this.list.find(id)?.readAt === null)
    this.#count(Math.max(0, this.#unread - unread.length))
    this.#emitters.change.emit(change)
    try {
      const unreadCount = await work()
      if (unreadCount !== undefined) this.#count(unreadCount)
    } catch (error) {
      this.#resync()
      throw error
    }
  }

  /** Reads again what the server has: soon, once, and spread out, because a server's restart asks it of everybody. */
  #resync(): void {
    clearTimeout(this.#resyncTimer)
    this.#resyncTimer = setTimeout(
      () => {
        if (this.list.isUsed) void this.list.reload()
        // What fails here is tried again with the next reason to.
        else if (this.#emitters.unread.size > 0) this.inbox({ limit: 1 }).catch(() => undefined)
      },
      50 + Math.random() * 200,
    )
  }

  #count(unread: number): void {
    if (unread === this.#unread) return
    this.#unread = unread
    this.#emitters.unread.emit(unread)
  }
}

function refusal({ code, message, hint, retry_after }: ErrorMessage): FocusClientError {
  return new FocusClientError(code ?? 'server_error', message, {
    ...(hint === undefined ? {} : { hint }),
    ...(retry_after === undefined ? {} : { retryAfterMs: retry_after * 1000 }),
  })
}
