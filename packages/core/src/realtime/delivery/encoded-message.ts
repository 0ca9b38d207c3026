import type { NotificationEvent } from '../../notifications/ports.ts'
import { textFrame } from '../peers/frame.ts'
import type { ServerMessage } from '../protocol/messages.ts'

/** One message on its way out: serialised once and framed once, however many sockets get it. */
export class EncodedMessage {
  readonly json: string
  #frame: Buffer | null = null

  constructor(message: ServerMessage) {
    this.json = JSON.stringify(message)
  }

  /** The bytes of the WebSocket frame, the same for every socket. */
  get frame(): Buffer {
    this.#frame ??= textFrame(this.json)
    return this.#frame
  }
}

/** The `notification` message of an event of a stream. */
export function notificationMessage(event: NotificationEvent, replayed: boolean): ServerMessage {
  return {
    type: 'notification',
    notification_type: event.type,
    title: event.title,
    message: event.message,
    data: event.data,
    timestamp: isoTimestamp(event.timestamp),
    id: event.id,
    epoch: event.epoch,
    offset: event.offset,
    ...(event.stream === 'all' && { stream: 'all' }),
    ...(event.event !== null && { event: event.event }),
    count: event.count,
    ...(event.groupKey !== null && { group_key: event.groupKey }),
    // Nodes of an earlier version do not say.
    ...(event.expiresAt && { expires_at: new Date(event.expiresAt).toISOString() }),
    ...(replayed && { replayed: true }),
  }
}

let lastTime = Number.NaN
let lastText = ''

/** ISO 8601 in UTC. Many messages of one turn share their millisecond, so the last text is kept. */
export function isoTimestamp(time: number): string {
  if (time !== lastTime) {
    lastText = new Date(time).toISOString()
    lastTime = time
  }
  return lastText
}
