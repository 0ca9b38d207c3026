import type { NotificationEvent } from '../../notifications/ports.ts'
import { notificationJson } from '../../wire/notification.ts'
import { textFrame } from '../peers/frame.ts'
import type { ServerMessage } from '../protocol/messages.ts'

/** A message that is serialised once and framed once, however many sockets receive it. */
export class EncodedMessage {
  readonly json: string
  #frame: Buffer | null = null

  /** @param message a text is the JSON of a message */
  constructor(message: ServerMessage | string) {
    this.json = typeof message === 'string' ? message : JSON.stringify(message)
  }

  /** The bytes of the WebSocket frame, which all sockets share. */
  get frame(): Buffer {
    this.#frame ??= textFrame(this.json)
    return this.#frame
  }
}

/**
 * Encodes the `notification` message of an event.
 *
 * @param replayed whether the event is older than the connection, or is sent a second time
 */
export function encodeNotification(event: NotificationEvent, replayed: boolean): EncodedMessage {
  const message = notificationJson(event)
  return new EncodedMessage(replayed ? Object.assign(message, { replayed: true as const }) : message)
}
