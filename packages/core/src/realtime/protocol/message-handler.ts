import { TokenBucket } from '../../admission/token-bucket.ts'
import { FocusError } from '../../common/errors.ts'
import { isoTimestamp } from '../../wire/iso-timestamp.ts'
import type { Connection, HeldMessage } from '../connections/connection.ts'
import type { Admission } from '../entry/admission.ts'
import type { Credentials } from '../entry/credentials.ts'
import type { HubState } from '../hub-state.ts'
import type { ActionHandler } from './action-handler.ts'
import { type ClientAction, type ParsedAction, parseAction, parseRef, type Ref } from './actions.ts'
import { closeCodes } from './close-codes.ts'
import type { Replies } from './replies.ts'

/** How many messages above the limit are answered with an error before the connection is closed. */
const refusedActionsLimit = 30

const notText: ParsedAction = { ok: false, code: 'invalid_json', ref: undefined }

/**
 * Reads the messages of clients: counts them, parses them, and signs clients in. A bad message is answered with an `error`;
 * the connection is closed only when a client keeps sending them.
 */
export class MessageHandler {
  readonly #state: HubState
  readonly #admission: Admission
  readonly #actions: ActionHandler
  readonly #replies: Replies

  constructor(state: HubState, admission: Admission, actions: ActionHandler, replies: Replies) {
    this.#state = state
    this.#admission = admission
    this.#actions = actions
    this.#replies = replies
  }

  /** Admits a connection, then handles the messages that its client sent in the meantime. */
  async admit(connection: Connection, credentials: Credentials, ref?: Ref): Promise<void> {
    connection.heldMessages = []
    await this.#admission.admit(connection, credentials, ref)
    const { heldMessages } = connection
    connection.heldMessages = null
    if (heldMessages.length > 0 && !connection.ended) connection.peer.resume()
    for (const { data, binary } of heldMessages) this.message(connection, data, binary)
  }

  message(connection: Connection, data: Buffer, binary: boolean): void {
    // The socket of a connection that has ended is still read, for the answer to the close frame.
    if (connection.ended) return
    if (connection.heldMessages !== null) {
      this.#hold(connection, connection.heldMessages, { data, binary })
      return
    }
    const text = binary ? null : data.toString()
    if (!this.#withinBudget(connection, () => (text === null ? undefined : parseRef(text)))) return
    const parsed = text === null ? notText : parseAction(text)
    if (!parsed.ok) {
      this.#refuseMalformed(connection, parsed)
      return
    }
    connection.malformedInRow = 0
    const { action } = parsed
    if (action.action !== 'auth' && !connection.live) {
      this.#replies.refuse(connection, 'unauthenticated', action.ref)
      return
    }
    const done = action.action === 'auth' ? this.#auth(connection, action) : this.#actions.perform(connection, action)
    done.catch((error: unknown) => {
      this.#state.logger.warn('An action of a client failed', { action: action.action, error })
      this.#replies.refuse(connection, 'unavailable', action.ref)
    })
  }

  /** Keeps a message that is for a live connection; most clients send none so early. */
  #hold(connection: Connection, held: HeldMessage[], message: HeldMessage): void {
    held.push(message)
    // Later ones stay in the socket. Those that arrived together with this one are still read.
    connection.peer.pause()
    if (held.length > this.#state.limits.actionsPerMinute + refusedActionsLimit) {
      this.#state.end(connection, closeCodes.tooManyActions)
    }
  }

  /** Handles a ping frame of the WebSocket, which counts as a message. */
  ping(connection: Connection): void {
    connection.heardAt = this.#state.now()
    if (!connection.ended) this.#withinBudget(connection, null)
  }

  /** Handles a pong frame of the WebSocket. */
  pong(connection: Connection): void {
    connection.heardAt = this.#state.now()
  }

  async #auth(connection: Connection, { token, ref }: Extract<ClientAction, { action: 'auth' }>): Promise<void> {
    const credentials = { kind: 'token', secret: token } as const
    const refusal = this.#admission.refusal(connection, credentials)
    if (refusal !== null) {
      this.#replies.refuse(connection, 'rate_limited', ref, undefined, refusal.retryAfterSeconds)
      return
    }
    if (!connection.live) return this.admit(connection, credentials, ref)
    try {
      const outcome = await this.#admission.renew(connection, credentials)
      if (outcome === 'other_user') this.#replies.refuse(connection, 'subject_mismatch', ref)
      if (outcome !== 'renewed') return
      const expiresAt = isoTimestamp(connection.authExpiresAt)
      this.#replies.answer(connection, { type: 'authenticated', auth_expires_at: expiresAt, ref })
    } catch (error) {
      if (!(error instanceof FocusError) || error.status !== 401) throw error
      this.#replies.refuse(connection, 'invalid_token', ref)
    }
  }

  #refuseMalformed(connection: Connection, { code, ref, detail }: Extract<ParsedAction, { ok: false }>): void {
    this.#replies.refuse(connection, code, ref, detail)
    if (code === 'unknown_action') return
    connection.malformedInRow += 1
    if (connection.malformedInRow > this.#state.limits.malformedMessages) {
      this.#state.end(connection, closeCodes.malformed)
    }
  }

  /** @param refOf returns the `ref` of the message, for the error; null for frames that are not answered */
  #withinBudget(connection: Connection, refOf: (() => Ref) | null): boolean {
    const now = this.#state.now()
    connection.heardAt = now
    this.#state.counters.actions += 1
    connection.actions ??= new TokenBucket(this.#state.limits.actionsPerMinute, 60_000, now)
    if (connection.actions.take(now)) {
      connection.refusedActions = 0
      return true
    }
    connection.refusedActions += 1
    if (connection.refusedActions > refusedActionsLimit) this.#state.end(connection, closeCodes.tooManyActions)
    else if (refOf) {
      const retryAfter = Math.ceil(connection.actions.waitMs(now) / 1_000)
      this.#replies.refuse(connection, 'rate_limited', refOf(), undefined, retryAfter)
    }
    return false
  }
}
