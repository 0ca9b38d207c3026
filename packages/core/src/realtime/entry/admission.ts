import type { AdmissionControl } from '../../admission/admission-control.ts'
import { costs } from '../../admission/budgets.ts'
import type { Principal } from '../../auth/ports.ts'
import type { StreamHead } from '../../notifications/ports.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { UserId, UserKey } from '../../common/user-id.ts'
import type { CatchUp } from '../delivery/catch-up.ts'
import type { Connection } from '../connections/connection.ts'
import { closeCodeOf, type Credentials } from './credentials.ts'
import type { FollowedHeads, HeadReader } from '../delivery/head-reader.ts'
import type { RealtimeLimits } from '../realtime-limits.ts'
import { isoTimestamp } from '../delivery/encoded-message.ts'
import type { Ref } from '../protocol/actions.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import { greeting, type RealtimeLocale } from '../protocol/protocol-errors.ts'
import type { RecentSessionEnds } from './recent-session-ends.ts'
import type { ConnectionRegistry } from '../connections/connection-registry.ts'
import { planResume, type ResumePlan, type ResumeRequest } from '../delivery/resume.ts'
import { Cursor } from '../delivery/stream.ts'
import type { Authenticator } from './authenticator.ts'
import type { Broker, NotificationFeed } from '../ports.ts'

/** Between two warnings of the same kind. */
const quietMs = 10_000

interface Plans {
  readonly own: ResumePlan
  readonly all: ResumePlan
}

export interface AdmissionDeps {
  readonly registry: ConnectionRegistry
  readonly broker: Broker
  readonly feed: NotificationFeed
  readonly heads: HeadReader
  readonly catchUp: CatchUp
  readonly recentEnds: RecentSessionEnds
  readonly control: AdmissionControl
  readonly trials: Authenticator
  readonly limits: RealtimeLimits
  readonly locale: RealtimeLocale
  readonly heartbeatIntervalMs: number
  readonly logger: Logger
  readonly now: () => number
  readonly clock: () => number
  readonly connectionId: (connection: Connection) => string
  readonly end: (connection: Connection, code: CloseCode) => void
}

/** Makes an open connection live: who is it, where did it stop, what did it miss. */
export class Admission {
  readonly #deps: AdmissionDeps
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(deps: AdmissionDeps) {
    this.#deps = deps
  }

  /** Ends the connection with the fitting code when it cannot be admitted; never rejects. */
  async admit(
    connection: Connection,
    credentials: Credentials,
    resume: ResumeRequest | null,
    ref?: Ref,
  ): Promise<void> {
    // What the client sends meanwhile waits in its socket: it concerns a connection that is live.
    connection.peer.pause()
    try {
      const principal = await this.#deps.trials.principal(credentials, connection.client)
      await this.enter(connection, principal, resume, ref)
    } catch (error) {
      this.#refuse(connection, error)
    }
    if (!connection.ended) connection.peer.resume()
  }

  /** The same for a person who is already known. */
  async enter(connection: Connection, principal: Principal, resume: ResumeRequest | null, ref?: Ref): Promise<void> {
    const { registry, limits } = this.#deps
    if (connection.ended) return
    const known = registry.streams.get(principal.userKey)
    if (known && known.connections.length >= limits.connectionsPerUser) {
      this.#deps.end(connection, closeCodes.tooManyConnections)
      return
    }
    connection.resume = null
    connection.sessionId = principal.sessionId
    connection.authExpiresAt = principal.expiresAt
    const stream = registry.follow(connection, principal.userKey)
    if (this.#deps.recentEnds.covers(principal.userKey, principal.sessionId, connection.openedAt)) {
      this.#deps.end(connection, closeCodes.sessionRevoked)
      return
    }
    // The broker first, the head second: what is committed in between arrives by one of them.
    if (stream.ready !== null && this.#deps.broker.connected) await stream.ready
    const heads = await this.#deps.heads.read(principal.userKey)
    const { own: head, all: allHead } = heads
    const plans = resume === null ? fromNowOn(heads) : await this.#plan(principal.userKey, resume, heads)
    if (connection.ended) return
    if (resume !== null) this.#charge(connection, principal.userKey, plans, heads)
    stream.learn(head)
    registry.shared.learn(allHead)
    connection.own = new Cursor(stream, head.epoch, plans.own.position, head.offset)
    connection.all = new Cursor(registry.shared, allHead.epoch, plans.all.position, allHead.offset)
    const now = this.#deps.now()
    connection.nextHeartbeatAt = now + this.#deps.heartbeatIntervalMs
    connection.nextPingAt = now + limits.pingIntervalMs
    connection.heardAt = now
    this.#greet(connection, principal.userId, head, resume !== null, plans, ref)
    this.#deps.catchUp.start(connection)
  }

  /** Moves the cursors of a live connection back to where its client stopped. */
  async rewind(connection: Connection, userKey: UserKey, resume: ResumeRequest, ref: Ref): Promise<void> {
    const heads = await this.#deps.heads.read(userKey)
    const plans = await this.#plan(userKey, resume, heads)
    const { own, all } = connection
    if (!connection.live || own === null || all === null) return
    this.#charge(connection, userKey, plans, heads)
    const reason = plans.own.reason ?? plans.all.reason
    connection.send({
      type: 'resumed',
      recovered: reason === undefined,
      ...(reason !== undefined && { reason }),
      stream: { epoch: heads.own.epoch, offset: heads.own.offset },
      all: { epoch: heads.all.epoch, offset: heads.all.offset },
      ref,
    })
    own.stream.learn(heads.own)
    all.stream.learn(heads.all)
    for (const [cursor, plan, requested] of [
      [own, plans.own, resume.offset],
      [all, plans.all, resume.allOffset],
    ] as const) {
      if (requested === null) continue
      // What was sent since the connection opened is behind the cursor and may be sent again, marked as replayed.
      cursor.replayUpTo = Math.max(cursor.replayUpTo, cursor.position)
      cursor.position = Math.min(cursor.position, plan.position)
    }
    this.#sendGaps(connection, plans)
    this.#deps.catchUp.start(connection)
  }

  async #plan(userKey: UserKey, resume: ResumeRequest, heads: FollowedHeads): Promise<Plans> {
    const { feed, limits } = this.#deps
    const [own, all] = await Promise.all([
      planResume(
        { head: heads.own, read: (after, upTo, limit) => feed.read(userKey, after, upTo, limit) },
        resume,
        limits.replayRows,
      ),
      planResume(
        { head: heads.all, read: (after, upTo, limit) => feed.readAll(after, upTo, limit) },
        { epoch: resume.epoch, offset: resume.allOffset, lastId: null },
        limits.replayRows,
      ),
    ])
    return { own, all }
  }

  /** What a resume brings is read for it: the user pays by the notification. */
  #charge({ client }: Connection, userKey: UserKey, plans: Plans, heads: FollowedHeads): void {
    const { control, limits } = this.#deps
    const distance = heads.own.offset - plans.own.position + heads.all.offset - plans.all.position
    control.charge(userKey, Math.min(distance, 2 * limits.replayRows) * costs.notification, client)
  }

  #greet(connection: Connection, userId: UserId, head: StreamHead, requested: boolean, plans: Plans, ref: Ref): void {
    const { limits, locale, heartbeatIntervalMs, clock } = this.#deps
    const reason = plans.own.reason ?? plans.all.reason
    connection.send({
      type: 'connection',
      message: greeting[locale],
      timestamp: isoTimestamp(clock()),
      protocol: 1,
      connection_id: this.#deps.connectionId(connection),
      user_id: userId,
      heartbeat_interval: heartbeatIntervalMs / 1_000,
      auth_expires_at: new Date(connection.authExpiresAt).toISOString(),
      stream: { epoch: head.epoch, offset: head.offset, oldest: head.oldest },
      all: { epoch: connection.all?.epoch ?? head.epoch, offset: connection.all?.replayUpTo ?? 0 },
      resume: {
        requested,
        recovered: requested && reason === undefined,
        ...(requested && reason !== undefined && { reason }),
      },
      unread_count: head.unreadCount,
      state_rev: head.stateRev + this.#deps.registry.shared.stateRev,
      limits: { max_message_bytes: limits.maxMessageBytes, actions_per_minute: limits.actionsPerMinute },
      ref,
    })
    this.#sendGaps(connection, plans)
  }

  #sendGaps(connection: Connection, { own, all }: Plans): void {
    if (own.gap) connection.send({ type: 'gap', ...own.gap })
    if (all.gap) connection.send({ type: 'gap', ...all.gap, stream: 'all' })
  }

  #refuse(connection: Connection, error: unknown): void {
    const code = closeCodeOf(error)
    if (code === closeCodes.overloaded) this.#report(error)
    this.#deps.end(connection, code)
  }

  /** Clients come back by the thousand while the database is away: one line tells of them all. */
  #report(error: unknown): void {
    const now = this.#deps.now()
    const level = now - this.#warnedAt < quietMs ? 'debug' : 'warn'
    if (level === 'warn') this.#warnedAt = now
    this.#deps.logger[level]('A connection could not be admitted', { error })
  }
}

/** For a client that does not say where it stopped. */
function fromNowOn({ own, all }: FollowedHeads): Plans {
  return {
    own: { position: own.offset, gap: null, reason: undefined },
    all: { position: all.offset, gap: null, reason: undefined },
  }
}
