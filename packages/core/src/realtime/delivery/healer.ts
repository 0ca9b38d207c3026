import type { StreamHead } from '../../notifications/ports.ts'
import type { Connection } from '../connections/connection.ts'
import type { UserStream } from '../connections/user-stream.ts'
import type { HubState } from '../hub-state.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { EventWriter } from './event-writer.ts'
import { headBatch } from './head-reader.ts'
import type { Stream } from './stream.ts'

/**
 * Compares every local stream with the log once per interval, in small chunks. A lost wake-up then delays a notification by
 * seconds and never loses it, and a log that was restored to an earlier state is noticed.
 */
export class Healer {
  readonly #state: HubState
  readonly #writer: EventWriter
  #remaining: Iterator<UserStream> | null = null
  #sharedDueAt = 0
  /** Streams that should have been compared by now. */
  #due = 0
  #reading = false
  #healAllAgain = false

  constructor(state: HubState, writer: EventWriter) {
    this.#state = state
    this.#writer = writer
  }

  /** Compares the share of all streams that `elapsedMs` is of the interval. */
  tick(now: number, elapsedMs: number): void {
    const { limits, broker, registry } = this.#state
    const intervalMs = broker.hearsAll ? limits.healIntervalMs : limits.healIntervalBrokerAwayMs
    this.#due = Math.min(registry.streams.size, this.#due + (registry.streams.size * elapsedMs) / intervalMs)
    // A database that is slower than the interval gets one query at a time.
    if (this.#reading) return
    const streams = this.#nextStreams(Math.ceil(this.#due))
    this.#due = 0
    const sharedDue = registry.connections.length > 0 && now >= this.#sharedDueAt
    if (sharedDue) this.#sharedDueAt = now + intervalMs
    if (streams.length > 0 || sharedDue) this.#start(streams, sharedDue)
  }

  /** Compares all streams at once; a call during a comparison starts another one afterwards. */
  healAll(): void {
    if (this.#reading) {
      this.#healAllAgain = true
      return
    }
    const streams = [...this.#state.registry.streams.values()].filter(({ connections }) => connections.length > 0)
    if (streams.length > 0) this.#start(streams, true)
  }

  #start(streams: readonly UserStream[], shared: boolean): void {
    this.#reading = true
    this.#heal(streams, shared)
      .catch((error: unknown) => this.#state.logger.warn('Comparing streams with the log failed', { error }))
      .finally(() => {
        this.#reading = false
        if (!this.#healAllAgain) return
        this.#healAllAgain = false
        this.healAll()
      })
  }

  #nextStreams(count: number): UserStream[] {
    const streams: UserStream[] = []
    while (streams.length < count) {
      this.#remaining ??= this.#state.registry.streams.values()
      const next = this.#remaining.next()
      if (next.done) {
        this.#remaining = null
        break
      }
      if (next.value.connections.length > 0) streams.push(next.value)
    }
    return streams
  }

  async #heal(streams: readonly UserStream[], shared: boolean): Promise<void> {
    const { feed, registry } = this.#state
    for (let start = 0; start < streams.length; start += headBatch) {
      const batch = streams.slice(start, start + headBatch)
      const positions = batch.map(({ connections }) => furthest(connections, 'own'))
      const heads = await feed.heads(batch.map(({ userKey }) => userKey))
      for (const [index, stream] of batch.entries()) {
        const head = heads[index]
        if (head) this.#compare(stream, stream.connections, 'own', head, positions[index] ?? 0)
      }
    }
    if (!shared) return
    const position = furthest(registry.connections, 'all')
    this.#compare(registry.shared, registry.connections, 'all', await feed.allHead(), position)
  }

  /** @param position the furthest one before the head was read: events that arrived since then were not lost */
  #compare(
    stream: Stream,
    connections: readonly Connection[],
    which: 'own' | 'all',
    head: StreamHead,
    position: number,
  ): void {
    const wentBack = head.offset < position
    if (wentBack) stream.reset()
    stream.advance(head)
    let behind = false
    for (const connection of connections.slice()) {
      const cursor = connection[which]
      if (cursor === null || !connection.live) continue
      if (cursor.epoch !== head.epoch || (wentBack && cursor.position > head.offset)) {
        this.#state.end(connection, closeCodes.positionLost)
      } else if (cursor.lag > 0 && !connection.catchingUp && !connection.lagging) {
        behind = true
        this.#writer.catchUp(connection)
      }
    }
    if (behind) this.#countHealed(stream, head)
  }

  #countHealed({ userKey }: Stream, head: StreamHead): void {
    const { counters, debug } = this.#state
    counters.healed += 1
    if (debug.enabled) debug('stream healed', { stream: userKey ?? 'all', head: head.offset })
  }
}

function furthest(connections: readonly Connection[], which: 'own' | 'all'): number {
  let position = 0
  for (const connection of connections) position = Math.max(position, connection[which]?.position ?? 0)
  return position
}
