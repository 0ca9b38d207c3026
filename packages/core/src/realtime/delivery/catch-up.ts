import type { NotificationEvent, StreamHead } from '../../notifications/ports.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { Connection } from '../connections/connection.ts'
import type { RealtimeCounters } from '../monitoring/realtime-counters.ts'
import type { EventWriter } from './event-writer.ts'
import { notificationMessage, EncodedMessage } from './encoded-message.ts'
import { closeCodes, type CloseCode } from '../protocol/close-codes.ts'
import type { Cursor, Stream } from './stream.ts'
import type { NotificationFeed } from '../ports.ts'

const chunkRows = 200

interface Chunk {
  readonly events: readonly NotificationEvent[]
  readonly head: StreamHead
}

export interface CatchUpDeps {
  readonly feed: NotificationFeed
  readonly logger: Logger
  readonly counters: RealtimeCounters
  readonly deliverer: EventWriter
  readonly end: (connection: Connection, code: CloseCode) => void
}

/**
 * Brings connections up to date from the log: after a resume, after a wake-up that was lost, after a slow reader drained.
 * One run per connection at a time; runs that need the same rows share one read and one framing.
 */
export class CatchUp {
  readonly #deps: CatchUpDeps
  readonly #reads = new Map<string, Promise<Chunk>>()
  readonly #live = new WeakMap<NotificationEvent, EncodedMessage>()
  readonly #replayed = new WeakMap<NotificationEvent, EncodedMessage>()

  constructor(deps: CatchUpDeps) {
    this.#deps = deps
  }

  /** Starts a run unless there is nothing to do; a failed read is tried again by the next healing. */
  start(connection: Connection): void {
    if (connection.catchingUp || connection.lagging || !connection.live) return
    this.#run(connection).catch((error: unknown) => {
      this.#deps.logger.warn('Reading the log for a connection failed', { error })
    })
  }

  async #run(connection: Connection): Promise<void> {
    connection.catchingUp = true
    try {
      for (;;) {
        const cursor = behind(connection.own) ?? behind(connection.all)
        if (!cursor || !connection.live || connection.lagging) return
        await this.#step(connection, cursor)
      }
    } finally {
      connection.catchingUp = false
    }
  }

  async #step(connection: Connection, cursor: Cursor): Promise<void> {
    const upTo = cursor.stream.latest
    const after = cursor.position
    const { events, head } = await this.#chunk(cursor.stream, after, upTo)
    // Meanwhile the client may have left, or asked to go back further.
    if (!connection.live || cursor.position !== after) return
    if (head.epoch !== cursor.epoch || head.offset < upTo) {
      cursor.stream.forget()
      this.#deps.end(connection, closeCodes.positionLost)
      return
    }
    if (cursor.position + 1 < head.oldest) this.#gap(connection, cursor, Math.min(head.oldest - 1, upTo))
    for (const event of events) {
      if (event.offset <= cursor.position) continue
      if (!this.#deps.deliverer.deliver(connection, cursor, event, this.#message(event, cursor))) return
      this.#deps.counters.replays += 1
    }
    const last = events.at(-1)
    cursor.position = events.length < chunkRows || !last ? upTo : last.offset
  }

  #gap(connection: Connection, cursor: Cursor, to: number): void {
    connection.send({
      type: 'gap',
      from: cursor.position + 1,
      to,
      reason: 'retention',
      ...(cursor.stream.userKey === null && { stream: 'all' }),
    })
    cursor.position = to
  }

  #chunk(stream: Stream, after: number, upTo: number): Promise<Chunk> {
    const key = `${after}:${upTo}:${stream.userKey ?? ''}:${stream.userKey === null}`
    const running = this.#reads.get(key)
    if (running) return running
    const read = this.#read(stream, after, upTo).finally(() => this.#reads.delete(key))
    this.#reads.set(key, read)
    return read
  }

  async #read({ userKey }: Stream, after: number, upTo: number): Promise<Chunk> {
    const { feed } = this.#deps
    // The head comes second: rows pruned before the first read then show in its `oldest`.
    if (userKey === null) return { events: await feed.readAll(after, upTo, chunkRows), head: await feed.allHead() }
    return { events: await feed.read(userKey, after, upTo, chunkRows), head: await feed.head(userKey) }
  }

  #message(event: NotificationEvent, cursor: Cursor): EncodedMessage {
    const replayed = event.offset <= cursor.replayUpTo
    const known = replayed ? this.#replayed : this.#live
    let message = known.get(event)
    if (!message) {
      message = new EncodedMessage(notificationMessage(event, replayed))
      known.set(event, message)
    }
    return message
  }
}

function behind(cursor: Cursor | null): Cursor | null {
  return cursor !== null && cursor.lag > 0 ? cursor : null
}
