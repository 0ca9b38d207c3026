import type { SessionEnd } from '../../auth/ports.ts'
import type { NotificationEvent, StateEvent } from '../../notifications/ports.ts'
import type { CatchUp } from './catch-up.ts'
import type { Connection } from '../connections/connection.ts'
import type { EventWriter } from './event-writer.ts'
import { notificationMessage, EncodedMessage } from './encoded-message.ts'
import { closeCodes, type CloseCode } from '../protocol/close-codes.ts'
import type { RecentSessionEnds } from '../entry/recent-session-ends.ts'
import type { ConnectionRegistry } from '../connections/connection-registry.ts'
import type { Cursor, Stream } from './stream.ts'
import type { BrokerMessage } from '../ports.ts'

export interface FanOutDeps {
  readonly registry: ConnectionRegistry
  readonly deliverer: EventWriter
  readonly catchUp: CatchUp
  readonly recentEnds: RecentSessionEnds
  readonly now: () => number
  readonly end: (connection: Connection, code: CloseCode) => void
  /** Told of each event that arrived, for the latency from commit to socket. */
  readonly observe: (event: NotificationEvent) => void
}

/** Hands what the broker brings to the connections it concerns. */
export class EventFanOut {
  readonly #deps: FanOutDeps

  constructor(deps: FanOutDeps) {
    this.#deps = deps
  }

  dispatch(message: BrokerMessage): void {
    switch (message.kind) {
      case 'notifications':
        this.#notifications(message)
        break
      case 'state':
        this.#state(message.event)
        break
      case 'session_end':
        // Sign-in hears of it too, and says what is news.
        break
    }
  }

  sessionEnded(end: SessionEnd): void {
    const { userKey, sessionId } = end
    this.#deps.recentEnds.add(end, this.#deps.now())
    const connections = this.#deps.registry.streams.get(userKey)?.connections ?? []
    // A copy, because a connection that ends leaves the list.
    for (const connection of connections.slice()) {
      if (sessionId === null || connection.sessionId === sessionId)
        this.#deps.end(connection, closeCodes.sessionRevoked)
    }
  }

  #notifications({ userKey, events }: Extract<BrokerMessage, { kind: 'notifications' }>): void {
    const { registry } = this.#deps
    if (userKey === null) {
      for (const event of events) this.#event(registry.shared, registry.connections, 'all', event)
      return
    }
    const stream = registry.streams.get(userKey)
    if (!stream) return
    for (const event of events) this.#event(stream, stream.connections, 'own', event)
  }

  #event(stream: Stream, connections: readonly Connection[], which: 'own' | 'all', event: NotificationEvent): void {
    if (event.offset > stream.latest) stream.latest = event.offset
    let message: EncodedMessage | null = null
    for (const connection of connections) {
      const cursor = connection[which]
      if (cursor === null || event.offset <= cursor.position || !connection.live) continue
      if (!follows(connection, cursor, event)) {
        this.#deps.catchUp.start(connection)
        continue
      }
      message ??= new EncodedMessage(notificationMessage(event, false))
      this.#deps.deliverer.deliver(connection, cursor, event, message)
    }
    if (message) this.#deps.observe(event)
  }

  #state(event: StateEvent): void {
    const { registry } = this.#deps
    const stream = registry.streams.get(event.userKey)
    if (!stream || event.stateRev <= stream.toldStateRev) return
    stream.toldStateRev = event.stateRev
    stream.stateRev = Math.max(stream.stateRev, event.stateRev)
    const message = new EncodedMessage({
      type: 'state',
      ids: [...event.ids],
      state: event.state,
      unread_count: event.unreadCount,
      state_rev: event.stateRev + registry.shared.stateRev,
      offset: event.offset,
      all_offset: event.allOffset,
    })
    for (const connection of stream.connections) {
      // A lagging connection learns of it by the `state_rev` of its next heartbeat.
      if (connection.live && this.#deps.deliverer.hasRoom(connection)) connection.write(message)
    }
  }
}

/** Whether the event is the very next one of a connection that is up to date. */
function follows(connection: Connection, cursor: Cursor, event: NotificationEvent): boolean {
  return (
    event.offset === cursor.position + 1 &&
    event.epoch === cursor.epoch &&
    !connection.catchingUp &&
    !connection.lagging
  )
}
