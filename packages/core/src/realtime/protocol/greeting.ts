import type { UserId } from '../../common/user-id.ts'
import { isoTimestamp } from '../../wire/iso-timestamp.ts'
import type { RealtimeConfig } from '../realtime-config.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import type { Ref } from './actions.ts'
import type { ResumeReason, ServerMessage } from './messages.ts'
import { greeting } from './protocol-errors.ts'

type ConnectionMessage = Extract<ServerMessage, { type: 'connection' }>

/** The parts of a greeting that differ from one connection to the next. */
export interface Arrival {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly connectionId: string
  readonly userId: UserId
  /** Milliseconds since 1970. */
  readonly authExpiresAt: number
  readonly stream: ConnectionMessage['stream']
  readonly all: ConnectionMessage['all']
  /** Whether the client asked to resume. */
  readonly requested: boolean
  /** Why it could not; undefined when it could, or did not ask. */
  readonly reason: ResumeReason
  readonly unreadCount: number
  readonly stateRev: number
  readonly ref: Ref
}

/**
 * Writes the first message of connections. Only the parts that differ are serialised for each of them, because thousands of clients
 * connect at the same time after a restart.
 */
export class GreetingWriter {
  readonly #message: string
  readonly #interval: string
  readonly #limits: string

  constructor(
    { locale, heartbeatIntervalMs }: Pick<RealtimeConfig, 'locale' | 'heartbeatIntervalMs'>,
    { maxMessageBytes, actionsPerMinute }: Pick<RealtimeLimits, 'maxMessageBytes' | 'actionsPerMinute'>,
  ) {
    this.#message = `{"type":"connection","message":${JSON.stringify(greeting[locale])}`
    this.#interval = `"heartbeat_interval":${JSON.stringify(heartbeatIntervalMs / 1_000)}`
    const limits = { max_message_bytes: maxMessageBytes, actions_per_minute: actionsPerMinute }
    this.#limits = `"limits":${JSON.stringify(limits satisfies ConnectionMessage['limits'])}`
  }

  /** Returns the JSON of a `connection` message. */
  write(arrival: Arrival): string {
    const { stream, all, requested, reason, ref } = arrival
    const recovered = requested && reason === undefined
    const why = requested && reason !== undefined ? `,"reason":${JSON.stringify(reason)}` : ''
    return (
      `${this.#message},"timestamp":"${isoTimestamp(arrival.now)}","protocol":1` +
      `,"connection_id":${JSON.stringify(arrival.connectionId)},"user_id":${JSON.stringify(arrival.userId)}` +
      `,${this.#interval},"auth_expires_at":"${isoTimestamp(arrival.authExpiresAt)}"` +
      `,"stream":{"epoch":${JSON.stringify(stream.epoch)},"offset":${stream.offset},"oldest":${stream.oldest}}` +
      `,"all":{"epoch":${JSON.stringify(all.epoch)},"offset":${all.offset}}` +
      `,"resume":{"requested":${requested},"recovered":${recovered}${why}}` +
      `,"unread_count":${arrival.unreadCount},"state_rev":${arrival.stateRev},${this.#limits}` +
      `${ref === undefined ? '' : `,"ref":${JSON.stringify(ref)}`}}`
    )
  }
}
