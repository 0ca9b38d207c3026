import type { Connection } from '../connections/connection.ts'
import type { ClientAction } from '../protocol/actions.ts'
import { encodeNotification } from './encoded-message.ts'
import type { EventWriter } from './event-writer.ts'
import type { LogReader } from './log-reader.ts'

/** Notifications that a `sync` without `limit` asks for. */
export const defaultSyncLimit = 100
const pageRows = 50

/** Answers `sync`: sends events up to the connection's position again, at the pace at which the client reads. */
export class Synchronizer {
  readonly #log: LogReader
  readonly #writer: EventWriter

  constructor(log: LogReader, writer: EventWriter) {
    this.#log = log
    this.#writer = writer
  }

  async run(connection: Connection, request: Extract<ClientAction, { action: 'sync' }>): Promise<void> {
    const cursor = request.stream === 'all' ? connection.all : connection.own
    if (cursor === null) return
    const { userKey } = cursor.stream
    const upTo = cursor.position
    let left = request.limit ?? defaultSyncLimit
    let after = request.since
    let more = after < upTo
    while (more && left > 0 && connection.live && this.#writer.hasRoom(connection)) {
      const rows = Math.min(left, pageRows)
      const events = await this.#log.events(userKey, after, upTo, rows)
      for (const event of events) {
        if (connection.filter.matches(event.event)) connection.write(encodeNotification(event, true))
      }
      left -= events.length
      more = events.length === rows
      after = more ? (events.at(-1)?.offset ?? upTo) : upTo
    }
    connection.send({
      type: 'synced',
      // Not above the position, even if the client asked from an offset above it.
      offset: Math.min(after, upTo),
      more: more && after < upTo,
      ...(userKey === null && { stream: 'all' }),
      ref: request.ref,
    })
  }
}
