import type { Principal } from '../../auth/ports.ts'
import type { FocusError } from '../../common/errors.ts'
import type { UserId } from '../../common/user-id.ts'
import type { StreamHead } from '../../notifications/ports.ts'
import type { Connection } from '../connections/connection.ts'
import { EncodedMessage } from '../delivery/encoded-message.ts'
import type { HeadReader } from '../delivery/head-reader.ts'
import type { ResumeRequest } from '../delivery/resume-plan.ts'
import { fromHeads, type ResumePlans, type Resumer } from '../delivery/resumer.ts'
import { Cursor } from '../delivery/stream.ts'
import type { HubState } from '../hub-state.ts'
import type { Ref } from '../protocol/actions.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import { GreetingWriter } from '../protocol/greeting.ts'
import type { Authenticator } from './authenticator.ts'
import { closeCodeOf, type Credentials } from './credentials.ts'

/** Time between two warnings. */
const quietMs = 10_000

/** Makes an open connection live: authenticates the client, places it in its streams and greets it. */
export class Admission {
  readonly #state: HubState
  readonly #authenticator: Authenticator
  readonly #heads: HeadReader
  readonly #resumer: Resumer
  readonly #greetings: GreetingWriter
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(state: HubState, authenticator: Authenticator, heads: HeadReader, resumer: Resumer) {
    this.#state = state
    this.#authenticator = authenticator
    this.#heads = heads
    this.#resumer = resumer
    this.#greetings = new GreetingWriter(state.config, state.limits)
  }

  /** Returns the error for credentials that exceed a budget, before they are verified; null when they may be. */
  refusal({ client }: Connection, credentials: Credentials): FocusError | null {
    return this.#authenticator.refusal(credentials, client)
  }

  /** Admits a connection, or ends it with the code that tells why not. Never rejects. */
  async admit(connection: Connection, credentials: Credentials, ref?: Ref): Promise<void> {
    try {
      const principal = await this.#authenticator.principal(credentials, connection.client)
      await this.enter(connection, principal, connection.resume, ref)
    } catch (error) {
      this.#refuse(connection, error)
    }
  }

  /** Admits a connection whose user is already authenticated. Rejects when the log cannot be read. */
  async enter(connection: Connection, principal: Principal, resume: ResumeRequest | null, ref?: Ref): Promise<void> {
    const { registry, limits, broker, sessionEnds } = this.#state
    const { userKey, sessionId } = principal
    if (connection.ended) return
    if (registry.connectionsOf(userKey).length >= limits.connectionsPerUser) {
      this.#state.end(connection, closeCodes.tooManyConnections)
      return
    }
    connection.resume = null
    connection.sessionId = sessionId
    connection.authExpiresAt = principal.expiresAt
    const stream = registry.follow(connection, userKey)
    if (sessionEnds.covers(userKey, sessionId, connection.openedAt)) {
      this.#state.end(connection, closeCodes.sessionRevoked)
      return
    }
    // The broker first, the head second: an event that is committed in between arrives by one of the two.
    if (stream.subscribing !== null && broker.connected) await stream.subscribing
    const heads = await this.#heads.read(userKey)
    const { own: head, all: allHead } = heads
    const plans = resume === null ? fromHeads(heads) : await this.#resumer.plan(userKey, resume, heads)
    if (connection.ended) return
    if (resume !== null) this.#resumer.charge(connection, userKey, plans, heads)
    stream.advance(head)
    registry.shared.advance(allHead)
    connection.own = new Cursor(stream, head.epoch, plans.own.position, head.offset)
    connection.all = new Cursor(registry.shared, allHead.epoch, plans.all.position, allHead.offset)
    this.#startTimers(connection)
    this.#greet(connection, principal.userId, head, resume !== null, plans, ref)
    this.#resumer.replay(connection, plans)
  }

  /**
   * Replaces the token of a live connection.
   *
   * @returns `renewed`; `other_user` when the token belongs to another user; `ended` when its session has ended since, which
   * closes the connection
   * @throws FocusError `invalid_token`, `token_expired`, `session_revoked`, `rate_limited`
   */
  async renew(connection: Connection, credentials: Credentials): Promise<'renewed' | 'other_user' | 'ended'> {
    const since = this.#state.now()
    const principal = await this.#authenticator.principal(credentials, connection.client)
    if (principal.userKey !== connection.userKey) return 'other_user'
    // The connection belonged to another session while the token was verified, so the end of this one did not close it.
    if (this.#state.sessionEnds.covers(principal.userKey, principal.sessionId, since)) {
      this.#state.end(connection, closeCodes.sessionRevoked)
      return 'ended'
    }
    connection.sessionId = principal.sessionId
    connection.authExpiresAt = principal.expiresAt
    connection.expiryNoticed = false
    return 'renewed'
  }

  #startTimers(connection: Connection): void {
    const { config, limits } = this.#state
    const now = this.#state.now()
    connection.nextHeartbeatAt = now + config.heartbeatIntervalMs
    connection.nextPingAt = now + limits.pingIntervalMs
    connection.heardAt = now
  }

  #greet(
    connection: Connection,
    userId: UserId,
    head: StreamHead,
    requested: boolean,
    plans: ResumePlans,
    ref: Ref,
  ): void {
    const { registry, clock, debug } = this.#state
    const connectionId = this.#state.connectionId(connection)
    if (debug.enabled) debug('connection admitted', { connection: connectionId, userKey: connection.userKey })
    const json = this.#greetings.write({
      now: clock(),
      connectionId,
      userId,
      authExpiresAt: connection.authExpiresAt,
      stream: head,
      all: { epoch: connection.all?.epoch ?? head.epoch, offset: connection.all?.replayUpTo ?? 0 },
      requested,
      reason: plans.own.reason ?? plans.all.reason,
      unreadCount: head.unreadCount,
      stateRev: head.stateRev + registry.shared.stateRev,
      ref,
    })
    connection.write(new EncodedMessage(json))
  }

  #refuse(connection: Connection, error: unknown): void {
    const code = closeCodeOf(error)
    if (code === closeCodes.overloaded) this.#report(error)
    this.#state.end(connection, code)
  }

  /** Thousands of clients reconnect while the database is away; one warning stands for all of them. */
  #report(error: unknown): void {
    const now = this.#state.now()
    const level = now - this.#warnedAt < quietMs ? 'debug' : 'warn'
    if (level === 'warn') this.#warnedAt = now
    this.#state.logger[level]('A connection could not be admitted', { error })
  }
}
