import type { NotificationEvent } from '../../notifications/ports.ts'
import type { Connection } from '../connections/connection.ts'
import type { RealtimeCounters } from '../monitoring/realtime-counters.ts'
import type { EncodedMessage } from './encoded-message.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import type { Cursor } from './stream.ts'

/**
 * Writes one event to one connection, or finds that the connection lags. There is no queue per socket: what is not
 * written is read from the log again once the socket has drained.
 */
export class EventWriter {
  readonly #limits: RealtimeLimits
  readonly #counters: RealtimeCounters
  readonly #onDrained: (connection: Connection) => void
  readonly #now: () => number

  constructor(
    limits: RealtimeLimits,
    counters: RealtimeCounters,
    now: () => number,
    onDrained: (connection: Connection) => void,
  ) {
    this.#limits = limits
    this.#counters = counters
    this.#now = now
    this.#onDrained = onDrained
  }

  /** True when the event is behind the cursor now: written, or hidden by the connection's filter. */
  deliver(connection: Connection, cursor: Cursor, event: NotificationEvent, message: EncodedMessage): boolean {
    if (connection.filter.matches(event.event)) {
      if (!this.hasRoom(connection)) return false
      // First, because the id of a Server-Sent Event is the position that includes it.
      cursor.position = event.offset
      connection.write(message)
      this.#counters.deliveries += 1
    } else {
      cursor.position = event.offset
    }
    return true
  }

  /** False while the connection lags; it is then caught up from the log by itself. */
  hasRoom(connection: Connection): boolean {
    if (connection.lagging) return false
    const { peer } = connection
    if (peer.unsentBytes <= this.#limits.lagBytes) return true
    // Perhaps only this turn produced much: the operating system may take it at once.
    peer.flush()
    if (peer.unsentBytes <= this.#limits.lagBytes) return true
    connection.laggingSince = this.#now()
    this.#counters.lags += 1
    peer.onceDrained(() => {
      connection.laggingSince = 0
      if (!connection.live) return
      peer.resume()
      this.#onDrained(connection)
    })
    return false
  }
}
