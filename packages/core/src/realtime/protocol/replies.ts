import type { Connection } from '../connections/connection.ts'
import type { EventWriter } from '../delivery/event-writer.ts'
import type { HubState } from '../hub-state.ts'
import type { Ref } from './actions.ts'
import type { ServerMessage } from './messages.ts'
import { type WireErrorCode, wireErrors } from './protocol-errors.ts'

/** Sends the answers to messages of clients. */
export class Replies {
  readonly #state: HubState
  readonly #writer: EventWriter

  constructor(state: HubState, writer: EventWriter) {
    this.#state = state
    this.#writer = writer
  }

  /**
   * Sends an answer. Answers are in no log from which they could be read again, so a client that does not read them is
   * paused, and closed as too slow in the end.
   */
  answer(connection: Connection, message: ServerMessage): void {
    connection.send(message)
    if (connection.live && !this.#writer.hasRoom(connection)) connection.peer.pause()
  }

  /**
   * Answers a message with an `error`.
   *
   * @param detail names the wrong field
   */
  refuse(connection: Connection, code: WireErrorCode, ref: Ref, detail?: string, retryAfterSeconds?: number): void {
    const { message, hint } = wireErrors[code]
    this.#state.counters.errors += 1
    this.answer(connection, {
      type: 'error',
      message: message[this.#state.config.locale],
      code,
      hint,
      ...(detail !== undefined && { detail }),
      ref,
      ...(retryAfterSeconds !== undefined && { retry_after: retryAfterSeconds }),
    })
  }
}
