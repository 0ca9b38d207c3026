import type { UserKey } from '../../common/user-id.ts'
import type { NotificationEvent, StreamHead } from '../../notifications/ports.ts'
import type { NotificationFeed } from '../ports.ts'
import { type EncodedMessage, encodeNotification } from './encoded-message.ts'
import type { HeadReader } from './head-reader.ts'
import type { Stream } from './stream.ts'

/** Rows per read. */
export const chunkRows = 200

/** A bounded part of a stream, and the head of the stream afterwards. */
export interface LogChunk {
  readonly events: readonly NotificationEvent[]
  readonly head: StreamHead
}

/** Reads events from the log. Connections that need the same rows at the same time share one read and one encoding. */
export class LogReader {
  readonly #feed: NotificationFeed
  readonly #heads: HeadReader
  readonly #reads = new Map<string, Promise<LogChunk>>()
  readonly #live = new WeakMap<NotificationEvent, EncodedMessage>()
  readonly #replayed = new WeakMap<NotificationEvent, EncodedMessage>()

  constructor(feed: NotificationFeed, heads: HeadReader) {
    this.#feed = feed
    this.#heads = heads
  }

  /**
   * Reads events with `after < offset <= upTo`, ascending, at most `limit`.
   *
   * @param userKey null for the shared stream
   */
  events(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    return userKey === null ? this.#feed.readAll(after, upTo, limit) : this.#feed.read(userKey, after, upTo, limit)
  }

  /** Reads the next `chunkRows` events, and then the head. */
  chunk({ userKey }: Stream, after: number, upTo: number): Promise<LogChunk> {
    const key = `${after}:${upTo}:${userKey ?? ''}:${userKey === null}`
    const running = this.#reads.get(key)
    if (running) return running
    const read = this.#readChunk(userKey, after, upTo).finally(() => this.#reads.delete(key))
    this.#reads.set(key, read)
    return read
  }

  /** Returns the encoded message of an event, the same one for every connection that reads the event. */
  encode(event: NotificationEvent, replayed: boolean): EncodedMessage {
    const messages = replayed ? this.#replayed : this.#live
    let message = messages.get(event)
    if (!message) {
      message = encodeNotification(event, replayed)
      messages.set(event, message)
    }
    return message
  }

  async #readChunk(userKey: UserKey | null, after: number, upTo: number): Promise<LogChunk> {
    const events = await this.events(userKey, after, upTo, chunkRows)
    // The head comes second, so that its `oldest` shows rows that were pruned before the events were read.
    const head = userKey === null ? await this.#feed.allHead() : (await this.#heads.read(userKey)).own
    return { events, head }
  }
}
