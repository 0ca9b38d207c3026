import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { WakeUpSignal } from '../../../cluster/wake-ups/wake-up-signal-port.ts'
import { WakeablePause } from '../../../common/async/wakeable-pause.ts'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { SignalOptions } from '../database-dialect.ts'
import { lost } from '../servers/session-guard.ts'
import type { Hosts } from './hosts.ts'
import { ListeningSession } from './listening-session.ts'

const channel = 'focus_wake_ups'
/** How long a node's own notification may take to come back. */
const echoMs = 5_000
/** Between two checks that notifications still come back. */
const checkMs = 10_000
/** Between two attempts to listen: doubles up to the second one. */
const retryMs = [250, 30_000] as const
/** A failover makes the first attempts fail. */
const warnedAfter = 2

/**
 * Wakes the nodes of a PostgreSQL database with `NOTIFY`, which they hear in a session of their own. `NOTIFY` is not part of the
 * transactions that commit data: a transaction that notifies takes a lock of the whole database during its COMMIT.
 *
 * A session listens in vain behind a pooler that gives each transaction another session, and after a connection broke without a
 * sign. Therefore the node notifies itself over its pool, and counts as hearing only while that comes back. It does not try behind
 * a pooler that nobody named for this.
 */
export class PostgresSignal implements WakeUpSignal {
  readonly #hosts: Hosts
  readonly #options: SignalOptions
  /** Tells this node's notifications from those of others. */
  readonly #token = randomBytes(6).toString('base64url')
  readonly #pause = new WakeablePause()
  #woken: () => void = () => undefined
  #heard = false
  #attended = false
  /** Attempts to listen that failed, one after another. */
  #failures = 0
  #warned = false
  #session: ListeningSession | null = null
  #echo: { readonly payload: string; readonly resolve: () => void } | null = null
  #echoes = 0
  #sending: Promise<void> | null = null
  #sendAgain = false
  #closed = false

  /** @param hosts where to listen */
  constructor(hosts: Hosts, options: SignalOptions) {
    this.#hosts = hosts
    this.#options = options
  }

  get heard(): boolean {
    return this.#heard
  }

  listen(woken: () => void): void {
    this.#woken = woken
    void this.#run()
  }

  get hearsOthers(): boolean {
    return this.#heard
  }

  /** A node that is alone listens too, so that it notices another one at once. */
  attend(others: boolean): void {
    this.#attended = others
  }

  send(): void {
    if (this.#closed) return
    if (this.#sending) {
      this.#sendAgain = true
      return
    }
    this.#sending = this.#notify(this.#token)
      .catch((error: unknown) => this.#options.debug('notify failed', { error }))
      .then(() => {
        this.#sending = null
        if (!this.#sendAgain) return
        this.#sendAgain = false
        this.send()
      })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#heard = false
    this.#pause.wake()
    this.#session?.end()
    await this.#sending
  }

  /** Nothing depends on the durability of this transaction, so that it does not wait for the disk. */
  async #notify(payload: string): Promise<void> {
    const statement = sql`select set_config('synchronous_commit', 'off', true), pg_notify(${channel}, ${payload})`
    await statement.execute(this.#options.handles.limited)
  }

  async #run(): Promise<void> {
    let pauseMs: number = retryMs[0]
    while (!this.#closed) {
      const startedAt = performance.now()
      try {
        await this.#listenUntilItEnds()
      } catch (error) {
        this.#options.debug('listening failed', { error })
        this.#failures += 1
        if (this.#failures >= warnedAfter) this.#warn(error)
      }
      if (performance.now() - startedAt > retryMs[1]) pauseMs = retryMs[0]
      await this.#pause.wait(pauseMs * (0.75 + Math.random() / 2))
      pauseMs = Math.min(retryMs[1], pauseMs * 2)
    }
  }

  async #listenUntilItEnds(): Promise<void> {
    const isDirect = this.#options.directUrl !== null
    const session = await ListeningSession.open(this.#hosts, channel, (payload) => this.#receive(payload), isDirect)
    this.#session = session
    if (this.#closed) session.end()
    let over = false
    const ended = session.ended.then(() => {
      over = true
      this.#pause.wake()
    })
    try {
      await Promise.race([this.#check(), ended])
      if (over) return
      this.#options.debug('listening')
      this.#heard = true
      this.#failures = 0
      this.#warned = false
      // For commits before the session listened.
      this.#woken()
      for (;;) {
        await this.#pause.wait(checkMs)
        if (this.#attended && !over) await Promise.race([this.#check(), ended])
        if (over) return
      }
    } finally {
      this.#heard = false
      this.#session = null
      session.end()
    }
  }

  /**
   * Notifies this node itself.
   *
   * @throws Error when that does not come back
   */
  async #check(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#echoes += 1
    const payload = `${this.#token} ${this.#echoes}`
    this.#echo = { payload, resolve }
    await this.#notify(payload)
    await withTimeout(promise, echoMs, () => lost('a notification to this node itself did not come back'))
  }

  #receive(payload: string): void {
    if (payload === this.#echo?.payload) this.#echo.resolve()
    else if (!payload.startsWith(this.#token)) this.#woken()
  }

  /** Once for each time that it lasts; a node that is alone needs no signal. */
  #warn(error: unknown): void {
    if (this.#closed || this.#warned || !this.#attended) return
    this.#warned = true
    this.#options.logger.warn('PostgreSQL does not notify this node, which polls instead', {
      error,
      hint: 'Behind a pooler, set FOCUS_DATABASE_DIRECT_URL to the address of the database itself.',
    })
  }
}
