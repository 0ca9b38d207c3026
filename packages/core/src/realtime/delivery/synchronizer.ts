import type { Connection } from '../connections/connection.ts'
import type { EventWriter } from './event-writer.ts'
import { notificationMessage, EncodedMessage } from './encoded-message.ts'
import type { ClientAction } from '../protocol/actions.ts'
import type { NotificationFeed } from '../ports.ts'

/** Notifications that a `sync` without a limit asks for. */
export const defaultSyncLimit = 100
const pageRows = 50

/** Answers `sync`: sends again what is behind the connection's position, at the pace at which the client reads. */
export class Synchronizer {
  readonly #feed: NotificationFeed
  readonly #deliverer: EventWriter

  constructor(feed: NotificationFeed, deliverer: EventWriter) {
    this.#feed = feed
    this.#deliverer = deliverer
  }

  async run(connection: Connection, request: Extract<ClientAction, { action: 'sync' }>): Promise<void> {
    const cursor = request.stream === 'all' ? connection.all : connection.own
    if (cursor === null) return
    const { userKey } = cursor.stream
    const upTo = cursor.position
    let left = request.limit ?? defaultSyncLimit
    let after = request.since
    let more = after < upTo
    while (more && left > 0 && connection.live && this.#deliverer.hasRoom(connection)) {
      const rows = Math.min(left, pageRows)
      const events =
        userKey === null
          ? await this.#feed.readAll(after, upTo, rows)
          : await this.#feed.read(userKey, after, upTo, rows)
      for (const event of events) {
        if (connection.filter.matches(event.event))
          connection.write(new EncodedMessage(notificationMessage(event, true)))
      }
      left -= events.length
      more = events.length === rows
      after = more ? (events.at(-1)?.offset ?? upTo) : upTo
    }
    connection.send({
      type: 'synced',
      // Not beyond what was sent, whatever the client asked from.
      offset: Math.min(after, upTo),
      more: more && after < upTo,
      ...(userKey === null && { stream: 'all' }),
      ref: request.ref,
    })
  }
}
