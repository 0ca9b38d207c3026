import { setTimeout as delay } from 'node:timers/promises'

/** Counts of one client, or of several together. */
export interface ClientCounts {
  /** Events that came again and that the client dropped by their offset, as the protocol asks of it. */
  readonly repeated: number
  /** Events that the client would have shown twice. Must be 0. */
  readonly duplicated: number
  /** Events that came on one connection with an offset that was not greater than the one before. Must be 0. */
  readonly outOfOrder: number
  /** `gap` messages, lost positions, and resumptions that did not recover every event. Must be 0. */
  readonly unrecovered: number
  readonly reconnects: number
}

export interface CountingClientOptions {
  readonly token: string
  /** Base URLs of the nodes, such as `http://127.0.0.1:8000/api`. */
  readonly urls: readonly string[]
  /** Longest wait before a reconnection; the wait is random. */
  readonly jitterMs?: number
  /** A connection that is silent for longer counts as dead. Must be longer than two heartbeats. */
  readonly silenceMs?: number
  readonly random?: () => number
}

type StreamName = 'user' | 'all'
type Message = { readonly type: string } & Readonly<Record<string, unknown>>

/**
 * A client that resumes from its position at any node and counts. It speaks the protocol over a plain WebSocket, instead of using
 * `@focus-api/client`, because it must see the events that a client drops, the order on each connection, and the node that it is
 * connected to; thousands of them fit in one process.
 */
export class CountingClient {
  /** Ids of received events by stream and offset. */
  readonly events: Readonly<Record<StreamName, Map<number, string>>> = { user: new Map(), all: new Map() }
  /** Offsets at which the client started: it gets all later events. Null before the first connection. */
  start: Readonly<Record<StreamName, number>> | null = null
  /** Milliseconds of each time without a connection. */
  readonly absences: number[] = []
  /** Times (`performance.now()`) of all connections after the first. */
  readonly returns: number[] = []
  readonly counts = { repeated: 0, duplicated: 0, outOfOrder: 0, unrecovered: 0, reconnects: 0 }
  /** The code that ended the client for good, such as 4503 after a sign-out. */
  finalCode: number | null = null
  readonly #options: CountingClientOptions
  readonly #titles = new Set<string>()
  #epoch = ''
  #position: Record<StreamName, number> = { user: 0, all: 0 }
  #connection: Connection | null = null
  #isClosed = false
  #lostAt = 0

  constructor(options: CountingClientOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#connection?.isReady ?? false
  }

  /** Base URL of the node that the client is connected to, or connects to. */
  get url(): string | null {
    return this.#connection?.base ?? null
  }

  /** Connects to a node, to any if none is given. Resolves after the `connection` message, or when the connection failed. */
  connect(url?: string): Promise<void> {
    const { silenceMs = 4_000 } = this.#options
    const base = url ?? this.#another()
    const connection = new Connection(base, this.#address(base), silenceMs)
    this.#connection = connection
    connection.onMessage = (message) => this.#receive(message, connection)
    connection.onEnd = (code, waitMs) => void this.#ended(code, waitMs)
    return connection.settled
  }

  /** Ends the connection as a broken network does; the client reconnects. */
  drop(): void {
    this.#connection?.end(1006)
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.end(1000)
  }

  /** Returns a random node, other than the last one if there is another. */
  #another(): string {
    const { urls, random = Math.random } = this.#options
    const others = urls.filter((each) => each !== this.url)
    const choice = others.length > 0 ? others : urls
    return choice[Math.floor(random() * choice.length)] ?? ''
  }

  #address(base: string): string {
    const { token } = this.#options
    const { user, all } = this.#position
    const resume = this.start === null ? '' : `&epoch=${this.#epoch}&offset=${user}&all_offset=${all}`
    return `${base.replace(/^http/, 'ws')}/ws/notifications?token=${token}${resume}`
  }

  async #ended(code: number, waitMs: number | null): Promise<void> {
    if (this.#isClosed) return
    if (code >= 4_500) {
      this.finalCode = code
      return
    }
    // The log was restored to an earlier state: never expected here.
    if (code === 4_003) this.counts.unrecovered += 1
    this.counts.reconnects += 1
    if (this.#lostAt === 0) this.#lostAt = performance.now()
    const { jitterMs = 500, random = Math.random } = this.#options
    await delay(waitMs ?? random() * jitterMs)
    if (!this.#isClosed) await this.connect()
  }

  #receive(message: Message, connection: Connection): void {
    if (message.type === 'connection') this.#connected(message)
    else if (message.type === 'notification') this.#notified(message, connection)
    else if (message.type === 'gap') this.counts.unrecovered += 1
  }

  #connected(message: Message): void {
    const { stream, all, resume } = message as unknown as Greeting
    if (this.#lostAt !== 0) {
      this.absences.push(performance.now() - this.#lostAt)
      this.returns.push(performance.now())
      this.#lostAt = 0
    }
    if (this.start !== null) {
      if (!resume.requested || !resume.recovered) this.counts.unrecovered += 1
      return
    }
    this.#epoch = stream.epoch
    this.#position = { user: stream.offset, all: all.offset }
    this.start = { ...this.#position }
  }

  #notified(message: Message, connection: Connection): void {
    const { offset, id, title, stream = 'user' } = message as unknown as Notification
    if (offset <= connection.newest[stream]) this.counts.outOfOrder += 1
    connection.newest[stream] = offset
    if (offset <= this.#position[stream]) {
      this.counts.repeated += 1
      return
    }
    this.#position[stream] = offset
    if (this.#titles.has(title)) this.counts.duplicated += 1
    this.#titles.add(title)
    this.events[stream].set(offset, id)
  }
}

interface Greeting {
  readonly stream: { readonly epoch: string; readonly offset: number }
  readonly all: { readonly offset: number }
  readonly resume: { readonly requested: boolean; readonly recovered: boolean }
}

interface Notification {
  readonly offset: number
  readonly id: string
  readonly title: string
  readonly stream?: 'all'
}

/** One WebSocket. It ends with its close code, or with 1006 when the server is silent for too long. */
class Connection {
  readonly base: string
  /** Highest offsets that came on this connection. */
  readonly newest: Record<StreamName, number> = { user: 0, all: 0 }
  readonly settled: Promise<void>
  onMessage: (message: Message) => void = () => undefined
  onEnd: (code: number, waitMs: number | null) => void = () => undefined
  isReady = false
  readonly #socket: WebSocket
  readonly #settle: () => void
  readonly #silence: NodeJS.Timeout
  #isEnded = false
  #leavesAt: number | null = null

  constructor(base: string, address: string, silenceMs: number) {
    this.base = base
    const { promise, resolve } = Promise.withResolvers<void>()
    this.settled = promise
    this.#settle = resolve
    this.#socket = new WebSocket(address)
    this.#silence = setTimeout(() => this.end(1_006), silenceMs)
    this.#socket.addEventListener('message', ({ data }) => {
      if (this.#isEnded) return
      this.#silence.refresh()
      this.#handle(JSON.parse(String(data)))
    })
    this.#socket.addEventListener('error', () => this.end(1_006))
    this.#socket.addEventListener('close', ({ code }) => this.end(code))
  }

  end(code: number): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.isReady = false
    clearTimeout(this.#silence)
    this.#settle()
    this.#socket.close()
    // A node that stops names the time at which the client may come back.
    this.onEnd(code, this.#leavesAt === null ? null : Math.max(0, this.#leavesAt - performance.now()))
  }

  #handle(message: Message): void {
    if (message.type === 'reconnect') this.#leavesAt = performance.now() + Number(message['after_ms'])
    this.onMessage(message)
    if (message.type !== 'connection') return
    this.isReady = true
    this.#settle()
  }
}
