import type { StreamHead } from '../../notifications/ports.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { CatchUp } from './catch-up.ts'
import type { Connection } from '../connections/connection.ts'
import type { RealtimeCounters } from '../monitoring/realtime-counters.ts'
import { headBatch } from './head-reader.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { ConnectionRegistry } from '../connections/connection-registry.ts'
import type { Stream } from './stream.ts'
import type { Broker, NotificationFeed } from '../ports.ts'

export interface HealerDeps {
  readonly registry: ConnectionRegistry
  readonly feed: NotificationFeed
  readonly broker: Broker
  readonly catchUp: CatchUp
  readonly limits: RealtimeLimits
  readonly counters: RealtimeCounters
  readonly logger: Logger
  readonly end: (connection: Connection, code: CloseCode) => void
}

/**
 * Compares every local stream with the log once per interval, a slice per sweep, so that a wake-up that was lost costs
 * seconds and never a notification, and a log that went back in time is noticed.
 */
export class Healer {
  readonly #deps: HealerDeps
  #users: Iterator<Stream> | null = null
  #sharedDueAt = 0
  #debt = 0
  #reading = false
  #again = false

  constructor(deps: HealerDeps) {
    this.#deps = deps
  }

  /** One slice: the share of all streams that `elapsedMs` is of the interval. */
  tick(now: number, elapsedMs: number): void {
    const { limits, broker, registry } = this.#deps
    const intervalMs = broker.connected ? limits.healIntervalMs : limits.healIntervalBrokerAwayMs
    this.#debt = Math.min(registry.streams.size, this.#debt + (registry.streams.size * elapsedMs) / intervalMs)
    // A database that is slower than the interval gets one question at a time.
    if (this.#reading) return
    const slice = this.#slice(Math.ceil(this.#debt))
    this.#debt = 0
    const sharedDue = registry.connections.length > 0 && now >= this.#sharedDueAt
    if (sharedDue) this.#sharedDueAt = now + intervalMs
    if (slice.length > 0 || sharedDue) this.#start(slice, sharedDue)
  }

  /** Everything at once; asked for again meanwhile, once more afterwards. */
  all(): void {
    if (this.#reading) {
      this.#again = true
      return
    }
    const streams = [...this.#deps.registry.streams.values()].filter(({ connections }) => connections.length > 0)
    if (streams.length > 0) this.#start(streams, true)
  }

  #start(streams: readonly Stream[], shared: boolean): void {
    this.#reading = true
    this.#heal(streams, shared)
      .catch((error: unknown) => this.#deps.logger.warn('Comparing streams with the log failed', { error }))
      .finally(() => {
        this.#reading = false
        if (!this.#again) return
        this.#again = false
        this.all()
      })
  }

  #slice(count: number): Stream[] {
    const slice: Stream[] = []
    while (slice.length < count) {
      this.#users ??= this.#deps.registry.streams.values()
      const next = this.#users.next()
      if (next.done) {
        this.#users = null
        break
      }
      if (next.value.connections.length > 0) slice.push(next.value)
    }
    return slice
  }

  async #heal(streams: readonly Stream[], shared: boolean): Promise<void> {
    const { feed, registry } = this.#deps
    for (let start = 0; start < streams.length; start += headBatch) {
      const batch = streams.slice(start, start + headBatch)
      const positions = batch.map((stream) => furthest(stream.connections, 'own'))
      const heads = await feed.heads(batch.map(({ userKey }) => userKey).filter(isKey))
      for (const [index, stream] of batch.entries()) {
        const head = heads[index]
        if (head) this.#compare(stream, stream.connections, 'own', head, positions[index] ?? 0)
      }
    }
    if (!shared) return
    const position = furthest(registry.connections, 'all')
    this.#compare(registry.shared, registry.connections, 'all', await feed.allHead(), position)
  }

  /** `position` is from before the head was read: what arrived since is no sign of a loss. */
  #compare(
    stream: Stream,
    connections: readonly Connection[],
    which: 'own' | 'all',
    head: StreamHead,
    position: number,
  ): void {
    const wentBack = head.offset < position
    if (wentBack) stream.forget()
    stream.learn(head)
    let behind = false
    for (const connection of connections.slice()) {
      const cursor = connection[which]
      if (cursor === null || !connection.live) continue
      if (cursor.epoch !== head.epoch || (wentBack && cursor.position > head.offset)) {
        this.#deps.end(connection, closeCodes.positionLost)
      } else if (cursor.lag > 0 && !connection.catchingUp && !connection.lagging) {
        behind = true
        this.#deps.catchUp.start(connection)
      }
    }
    if (behind) this.#deps.counters.healed += 1
  }
}

function furthest(connections: readonly Connection[], which: 'own' | 'all'): number {
  let position = 0
  for (const connection of connections) position = Math.max(position, connection[which]?.position ?? 0)
  return position
}

function isKey(userKey: UserKey | null): userKey is UserKey {
  return userKey !== null
}
