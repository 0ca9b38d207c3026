import type { NotificationsMessage, StreamMessage } from '../../cluster/broker-port.ts'
import type { NotificationEvent, StateEvent } from '../../notifications/ports.ts'
import type { Connection } from '../connections/connection.ts'
import type { HubState } from '../hub-state.ts'
import type { RealtimeMetrics } from '../monitoring/realtime-metrics.ts'
import { EncodedMessage, encodeNotification } from './encoded-message.ts'
import type { EventWriter } from './event-writer.ts'
import type { Cursor, Stream } from './stream.ts'

/** Writes the events that the broker brings to the connections that follow their streams. */
export class EventFanOut {
  readonly #state: HubState
  readonly #writer: EventWriter
  readonly #metrics: RealtimeMetrics

  constructor(state: HubState, writer: EventWriter, metrics: RealtimeMetrics) {
    this.#state = state
    this.#writer = writer
    this.#metrics = metrics
  }

  receive(message: StreamMessage): void {
    if (message.kind === 'notifications') this.#notifications(message)
    else this.#stateChange(message.event)
  }

  #notifications({ userKey, events }: NotificationsMessage): void {
    const { registry, brokerDebug } = this.#state
    if (brokerDebug.enabled)
      brokerDebug('events received', { userKey, events: events.length, last: events.at(-1)?.offset })
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
      if (!isNext(connection, cursor, event)) {
        this.#writer.catchUp(connection)
        continue
      }
      message ??= encodeNotification(event, false)
      this.#writer.write(connection, cursor, event, message)
    }
    // The clock of the node that wrote the event may be ahead.
    if (message) this.#metrics.observeLatency(Math.max(0, this.#state.clock() - event.timestamp))
  }

  #stateChange(event: StateEvent): void {
    const { registry } = this.#state
    const stream = registry.streams.get(event.userKey)
    if (!stream || event.stateRev <= stream.sentStateRev) return
    stream.sentStateRev = event.stateRev
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
      // A lagging connection learns of the change by the `state_rev` of its next heartbeat.
      if (connection.live && this.#writer.hasRoom(connection)) connection.write(message)
    }
  }
}

/** Returns whether the event directly follows the position of a connection that is up to date. */
function isNext(connection: Connection, cursor: Cursor, event: NotificationEvent): boolean {
  return (
    event.offset === cursor.position + 1 &&
    event.epoch === cursor.epoch &&
    !connection.catchingUp &&
    !connection.lagging
  )
}
