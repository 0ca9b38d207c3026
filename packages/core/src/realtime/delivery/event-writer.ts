import type { NotificationEvent } from '../../notifications/ports.ts'
import type { Connection } from '../connections/connection.ts'
import type { HubState } from '../hub-state.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { EncodedMessage } from './encoded-message.ts'
import { chunkRows, type LogReader } from './log-reader.ts'
import type { Cursor } from './stream.ts'

/**
 * Writes events to connections at the pace at which each client reads. There is no queue per connection: events that a slow
 * client does not take are read from the log again once its socket has drained.
 */
export class EventWriter {
  readonly #state: HubState
  readonly #log: LogReader

  constructor(state: HubState, log: LogReader) {
    this.#state = state
    this.#log = log
  }

  /**
   * Writes one event and moves the cursor behind it. An event that the connection's filter hides only moves the cursor.
   *
   * @returns false, with the cursor where it was, while the connection lags
   */
  write(connection: Connection, cursor: Cursor, event: NotificationEvent, message: EncodedMessage): boolean {
    if (connection.filter.matches(event.event)) {
      if (!this.hasRoom(connection)) return false
      // Before the write, because the id of a Server-Sent Event is the position that includes it.
      cursor.position = event.offset
      connection.write(message)
      this.#state.counters.deliveries += 1
    } else {
      cursor.position = event.offset
    }
    return true
  }

  /** Returns false while the connection lags; it catches up by itself once its socket has drained. */
  hasRoom(connection: Connection): boolean {
    if (connection.lagging) return false
    const { peer } = connection
    const { lagBytes } = this.#state.limits
    if (peer.unsentBytes <= lagBytes) return true
    // This turn alone may have produced many bytes, which the operating system may take at once.
    peer.flush()
    if (peer.unsentBytes <= lagBytes) return true
    connection.laggingSince = this.#state.now()
    this.#state.counters.lags += 1
    peer.onceDrained(() => {
      connection.laggingSince = 0
      if (!connection.live) return
      peer.resume()
      this.catchUp(connection)
    })
    return false
  }

  /**
   * Starts to write the events between the cursors and the heads from the log: after a resume, a lost wake-up, or a slow
   * reader that drained. One run per connection at a time; the healer retries a failed read.
   */
  catchUp(connection: Connection): void {
    if (connection.catchingUp || connection.lagging || !connection.live) return
    this.#catchUp(connection).catch((error: unknown) => {
      this.#state.logger.warn('Reading the log for a connection failed', { error })
    })
  }

  async #catchUp(connection: Connection): Promise<void> {
    connection.catchingUp = true
    try {
      for (;;) {
        const cursor = behind(connection.own) ?? behind(connection.all)
        if (!cursor || !connection.live || connection.lagging) return
        await this.#writeChunk(connection, cursor)
      }
    } finally {
      connection.catchingUp = false
    }
  }

  async #writeChunk(connection: Connection, cursor: Cursor): Promise<void> {
    const { stream, position: after } = cursor
    const upTo = stream.latest
    const { events, head } = await this.#log.chunk(stream, after, upTo)
    // During the read, the client may have left or asked to resume from an earlier position.
    if (!connection.live || cursor.position !== after) return
    if (head.epoch !== cursor.epoch || head.offset < upTo) {
      stream.reset()
      this.#state.end(connection, closeCodes.positionLost)
      return
    }
    if (cursor.position + 1 < head.oldest) skipTo(connection, cursor, Math.min(head.oldest - 1, upTo))
    for (const event of events) {
      if (event.offset <= cursor.position) continue
      const message = this.#log.encode(event, event.offset <= cursor.replayUpTo)
      if (!this.write(connection, cursor, event, message)) return
      this.#state.counters.replays += 1
    }
    const last = events.at(-1)
    cursor.position = events.length < chunkRows || !last ? upTo : last.offset
  }
}

function behind(cursor: Cursor | null): Cursor | null {
  return cursor !== null && cursor.lag > 0 ? cursor : null
}

/** Tells the client that the log no longer holds the events up to `to`. */
function skipTo(connection: Connection, cursor: Cursor, to: number): void {
  connection.send({
    type: 'gap',
    from: cursor.position + 1,
    to,
    reason: 'retention',
    ...(cursor.stream.userKey === null && { stream: 'all' }),
  })
  cursor.position = to
}
