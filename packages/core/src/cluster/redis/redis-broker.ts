import { setTimeout as delay } from 'node:timers/promises'
import type { Debug } from '../../common/logging/debug.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Broker, BrokerMessage } from '../broker-port.ts'
import { Outgoing } from './outgoing.ts'
import { Payloads } from './payload.ts'
import { parseRedisUrl, type RedisServer } from './redis-address.ts'
import { loadRedis } from './redis-client.ts'
import { explainFailure, passing, RedisFailure } from './redis-failure.ts'
import { RedisSession, type SessionSettings } from './redis-session.ts'
import { Subscriptions } from './subscriptions.ts'

export interface RedisBrokerOptions {
  /** `REDIS_URL`. */
  readonly url: string
  /** The id of the database: databases that share a Redis stay apart. */
  readonly cluster: string
  /** The id of this node in messages. */
  readonly node: string
  /** The secrets of Focus, the newest first: messages are signed with all of them, and accepted with one of them. */
  readonly secrets: readonly string[]
  readonly logger: Logger
  readonly debug: Debug
}

/** A session with the parts that live as long as it. */
interface Open {
  readonly session: RedisSession
  readonly subscriptions: Subscriptions
  readonly outgoing: Outgoing
}

const firstRetryMs = 50
const lastRetryMs = 1_000
/** A connection that is lost again within this time is opened later each time, and without a line in the log. */
const steadyMs = 5_000
/** How long closing waits for the messages that wait. */
const closeMs = 500
const warningMs = 60_000

/**
 * The driver `redis`: a channel for each user, one for each node, and one for all. While Redis is away nothing is queued; the
 * broker connects again by itself, and is `connected` once all subscriptions are back.
 */
export class RedisBroker implements Broker {
  readonly #options: RedisBrokerOptions
  readonly #settings: SessionSettings
  readonly #users = new Set<UserKey>()
  readonly #messageListeners = new Set<(message: BrokerMessage) => void>()
  readonly #changeListeners = new Set<(connected: boolean) => void>()
  readonly #payloads: Payloads
  /** Payloads that no node of this database signed, and when the last warning of them was given. */
  refused = 0
  #warnedAt = -Infinity
  /** The session in use; some of its servers may be lost while another one is opened. */
  #current: Open | null = null
  #opening: Open | null = null
  #known: readonly RedisServer[] = []
  #connected = false
  /** When Redis went away, by `performance.now`; null while it is there. */
  #awaySince: number | null = null
  #retryTimer: NodeJS.Timeout | undefined
  #retryMs = firstRetryMs
  #lostAt = -Infinity
  #closed = false

  private constructor(options: RedisBrokerOptions, settings: Omit<SessionSettings, 'onPayload'>) {
    this.#options = options
    this.#settings = { ...settings, onPayload: (payload) => this.#receive(payload) }
    this.#payloads = new Payloads(options.node, options.cluster, options.secrets)
  }

  /**
   * Connects to Redis. When Redis cannot be reached, the broker opens all the same and connects later.
   *
   * @throws FocusError `missing_dependency`; `invalid_option` for a wrong URL, and when Redis refuses the configuration: a wrong
   * password, a missing permission, a certificate that is not trusted, a master that the Sentinels do not know
   */
  static async open(options: RedisBrokerOptions): Promise<RedisBroker> {
    const { url, cluster, node } = options
    const address = parseRedisUrl(url)
    const broker = new RedisBroker(options, { open: await loadRedis(), address, cluster, node })
    try {
      await broker.#connect()
    } catch (error) {
      const failure = broker.#explain(error)
      if (failure.definitive) {
        await broker.close()
        throw failure.toFocusError()
      }
      broker.#away(failure)
    }
    return broker
  }

  get connected(): boolean {
    return this.#connected
  }

  publish(message: BrokerMessage): void {
    if (this.#connected) this.#current?.outgoing.add(message)
  }

  async subscribe(userKey: UserKey): Promise<void> {
    this.#users.add(userKey)
    await this.#update(userKey)
  }

  async unsubscribe(userKey: UserKey): Promise<void> {
    this.#users.delete(userKey)
    await this.#update(userKey)
  }

  onMessage(listener: (message: BrokerMessage) => void): () => void {
    this.#messageListeners.add(listener)
    return () => this.#messageListeners.delete(listener)
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#retryTimer)
    const drained = this.#connected ? this.#current?.outgoing.drained() : null
    this.#connected = false
    if (drained) await Promise.race([drained, delay(closeMs, undefined, { ref: false })])
    this.#messageListeners.clear()
    this.#changeListeners.clear()
    this.#users.clear()
    this.#opening?.session.close()
    this.#current?.session.close()
    this.#current = null
  }

  /** Without a session nothing is to do: the next one subscribes to all users. A failure ends the session, which is noticed. */
  async #update(userKey: UserKey): Promise<void> {
    const sessions = [this.#current, this.#opening].filter((open) => open !== null)
    await Promise.all(sessions.map((open) => open.subscriptions.update(userKey).catch(() => undefined)))
  }

  /** Opens a session with all subscriptions, and replaces the one in use by it. @throws RedisFailure */
  async #connect(): Promise<void> {
    const started = performance.now()
    const state: { lost: RedisFailure | null; open: Open | null } = { lost: null, open: null }
    const session = await RedisSession.open(this.#settings, this.#known, (failure) => {
      state.lost = failure
      if (state.open !== null && this.#current === state.open) this.#away(failure)
    })
    const open = (state.open = this.#partsOf(session))
    this.#opening = open
    try {
      await open.subscriptions.start()
      if (this.#closed) throw passing('The broker was closed.')
      if (state.lost !== null) throw state.lost
    } catch (error) {
      session.close()
      throw error
    } finally {
      this.#opening = null
    }
    this.#current?.session.close()
    this.#current = open
    this.#known = session.layout.servers
    const fields = { servers: this.#known.length, users: this.#users.size, ms: Math.round(performance.now() - started) }
    this.#options.debug('redis connected', fields)
    this.#back()
  }

  #partsOf(session: RedisSession): Open {
    const overflow = () => {
      session.close()
      if (this.#current?.session === session) this.#away(passing('Redis takes messages too slowly.'))
    }
    return {
      session,
      subscriptions: new Subscriptions(session, this.#users),
      outgoing: new Outgoing(session, this.#payloads, overflow),
    }
  }

  #back(): void {
    if (this.#awaySince !== null) {
      const seconds = ((performance.now() - this.#awaySince) / 1_000).toFixed(1)
      this.#options.logger.warn(`Redis is back after ${seconds} s; it carries notifications between nodes again`)
      this.#awaySince = null
    }
    this.#setConnected(true)
  }

  #away(failure: RedisFailure): void {
    if (this.#closed) return
    const steady = performance.now() - this.#lostAt >= steadyMs
    this.#lostAt = performance.now()
    if (steady) this.#retryMs = firstRetryMs
    const { message: reason, hint } = failure
    if (!steady) this.#options.debug('redis is away again', { reason })
    else if (this.#awaySince === null) {
      this.#awaySince = performance.now()
      this.#options.logger.warn(
        'Redis is away; nodes find the notifications of other nodes in the database, within a second',
        { reason, hint },
      )
    }
    this.#setConnected(false)
    this.#retry()
  }

  /** Tries again, each time after a longer pause. */
  #retry(): void {
    const ms = this.#retryMs
    this.#retryMs = Math.min(lastRetryMs, ms * 2)
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => {
      this.#connect().catch((error: unknown) => {
        if (this.#closed) return
        this.#options.debug('redis refused', { reason: this.#explain(error).message })
        this.#retry()
      })
    }, ms).unref()
  }

  #setConnected(connected: boolean): void {
    if (connected === this.#connected) return
    this.#connected = connected
    for (const listener of this.#changeListeners) this.#guarded(() => listener(connected))
  }

  #receive(payload: string): void {
    if (payload === '' || this.#payloads.isOwn(payload)) return
    const messages = this.#payloads.decode(payload)
    if (messages === null) {
      this.#refuse(payload)
      return
    }
    for (const message of messages) {
      for (const listener of this.#messageListeners) this.#guarded(() => listener(message))
    }
  }

  #refuse(payload: string): void {
    this.refused += 1
    this.#options.debug('payload refused', { length: payload.length })
    const now = performance.now()
    if (now - this.#warnedAt < warningMs) return
    this.#warnedAt = now
    this.#options.logger.warn('Redis carries messages that no node with this FOCUS_SECRET sent; they are dropped', {
      dropped: this.refused,
      hint: 'Give all nodes the same FOCUS_SECRET, and a copy of the database another Redis; let only Focus write to its channels.',
    })
  }

  /** An error must not reach the connection, whose decoder would lose its place. */
  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#options.logger.error('A listener of the broker failed', { error })
    }
  }

  #explain(error: unknown): RedisFailure {
    if (error instanceof RedisFailure) return error
    return explainFailure(error, this.#settings.address.servers[0] ?? { host: '', port: 0 })
  }
}
