import { costs } from '../../admission/budgets.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Connection } from '../connections/connection.ts'
import type { HubState } from '../hub-state.ts'
import type { Ref } from '../protocol/actions.ts'
import type { EventWriter } from './event-writer.ts'
import type { FollowedHeads, HeadReader } from './head-reader.ts'
import type { LogReader } from './log-reader.ts'
import { planResume, type ResumePlan, type ResumeRequest } from './resume-plan.ts'

/** Start positions of a connection in both of its streams. */
export interface ResumePlans {
  readonly own: ResumePlan
  readonly all: ResumePlan
}

/** Takes a client back to the position where it stopped: when its connection opens, and by the action `resume`. */
export class Resumer {
  readonly #state: HubState
  readonly #heads: HeadReader
  readonly #log: LogReader
  readonly #writer: EventWriter

  constructor(state: HubState, heads: HeadReader, log: LogReader, writer: EventWriter) {
    this.#state = state
    this.#heads = heads
    this.#log = log
    this.#writer = writer
  }

  /** Decides, for both streams, which events a client gets after the requested position. */
  async plan(userKey: UserKey, request: ResumeRequest, heads: FollowedHeads): Promise<ResumePlans> {
    const { replayRows } = this.#state.limits
    const [own, all] = await Promise.all([
      planResume(
        { head: heads.own, read: (after, upTo, limit) => this.#log.events(userKey, after, upTo, limit) },
        request,
        replayRows,
      ),
      planResume(
        { head: heads.all, read: (after, upTo, limit) => this.#log.events(null, after, upTo, limit) },
        { epoch: request.epoch, offset: request.allOffset, lastId: null },
        replayRows,
      ),
    ])
    return { own, all }
  }

  /** Charges the user for each event that the plans read from the log. */
  charge(connection: Connection, userKey: UserKey, plans: ResumePlans, heads: FollowedHeads): void {
    const { control, limits, debug } = this.#state
    const distance = heads.own.offset - plans.own.position + heads.all.offset - plans.all.position
    control.charge(userKey, Math.min(distance, 2 * limits.replayRows) * costs.notification, connection.client)
    if (debug.enabled) this.#trace(connection, plans, distance)
  }

  /** Sends the gaps of the plans, then writes the missed events. */
  replay(connection: Connection, { own, all }: ResumePlans): void {
    if (own.gap) connection.send({ type: 'gap', ...own.gap })
    if (all.gap) connection.send({ type: 'gap', ...all.gap, stream: 'all' })
    this.#writer.catchUp(connection)
  }

  /** Answers `resume`: moves the cursors of a live connection back to the requested position. */
  async rewind(connection: Connection, userKey: UserKey, request: ResumeRequest, ref: Ref): Promise<void> {
    const heads = await this.#heads.read(userKey)
    const plans = await this.plan(userKey, request, heads)
    const { own, all } = connection
    if (!connection.live || own === null || all === null) return
    this.charge(connection, userKey, plans, heads)
    const reason = plans.own.reason ?? plans.all.reason
    connection.send({
      type: 'resumed',
      recovered: reason === undefined,
      ...(reason !== undefined && { reason }),
      stream: { epoch: heads.own.epoch, offset: heads.own.offset },
      all: { epoch: heads.all.epoch, offset: heads.all.offset },
      ref,
    })
    own.stream.advance(heads.own)
    all.stream.advance(heads.all)
    for (const [cursor, plan, requested] of [
      [own, plans.own, request.offset],
      [all, plans.all, request.allOffset],
    ] as const) {
      if (requested === null) continue
      // Events that were sent since the connection opened may be sent again; they carry `replayed` then.
      cursor.replayUpTo = Math.max(cursor.replayUpTo, cursor.position)
      cursor.position = Math.min(cursor.position, plan.position)
    }
    this.replay(connection, plans)
  }

  #trace(connection: Connection, { own, all }: ResumePlans, distance: number): void {
    this.#state.debug('resume planned', {
      connection: this.#state.connectionId(connection),
      recovered: (own.reason ?? all.reason) === undefined,
      reason: own.reason ?? all.reason,
      distance,
    })
  }
}

/** Plans for a client that does not resume: it gets the events after the heads. */
export function fromHeads({ own, all }: FollowedHeads): ResumePlans {
  return {
    own: { position: own.offset, gap: null, reason: undefined },
    all: { position: all.offset, gap: null, reason: undefined },
  }
}
