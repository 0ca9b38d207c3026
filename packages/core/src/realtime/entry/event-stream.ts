import type { Client } from '../../admission/client.ts'
import type { Principal } from '../../auth/ports.ts'
import type { Sweeper } from '../connections/sweeper.ts'
import type { ResumeRequest } from '../delivery/resume-plan.ts'
import type { TopicFilter } from '../delivery/topic-filter.ts'
import type { HubState } from '../hub-state.ts'
import { SsePeer } from '../peers/sse-peer.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { Admission } from './admission.ts'
import type { Gate } from './gate.ts'

/** The query and headers of `GET /notifications/stream`. */
export interface EventStreamRequest {
  readonly resume: ResumeRequest | null
  readonly filter: TopicFilter
  readonly client: Client
}

/** Counted when a client closes an event stream, as for a WebSocket (RFC 6455 §7.4.1). */
const normalClosure = 1_000

/** Opens streams of Server-Sent Events. */
export class EventStreamEntry {
  readonly #state: HubState
  readonly #gate: Gate
  readonly #admission: Admission
  readonly #sweeper: Sweeper

  constructor(state: HubState, gate: Gate, admission: Admission, sweeper: Sweeper) {
    this.#state = state
    this.#gate = gate
    this.#admission = admission
    this.#sweeper = sweeper
  }

  /** @throws FocusError `draining`, `at_capacity`, `rate_limited` */
  async open(principal: Principal, request: EventStreamRequest): Promise<Response> {
    const refusal = this.#gate.eventStreamRefusal(request.client)
    if (refusal) throw refusal
    const { turnWriter, limits } = this.#state
    const peer = new SsePeer(turnWriter, limits.lagBytes, () => this.#state.remove(connection, normalClosure))
    const connection = this.#state.open(peer, request.client, false)
    this.#sweeper.start()
    connection.filter = request.filter
    try {
      await this.#admission.enter(connection, principal, request.resume)
    } catch (error) {
      this.#state.remove(connection, closeCodes.overloaded.code)
      throw error
    }
    return eventStreamResponse(peer.body)
  }
}

/** Returns a response of Server-Sent Events that no proxy should buffer. */
export function eventStreamResponse(body: ReadableStream<Uint8Array> | null): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // nginx buffers responses without this header.
      'x-accel-buffering': 'no',
    },
  })
}
