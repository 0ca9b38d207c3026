import { CompiledQuery, type DatabaseConnection } from 'kysely'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { Debug } from '../../../common/logging/debug.ts'
import type { Lease } from '../borrowed/lease.ts'

/** How long it may take to get a connection, from the pool or a new one. */
const leaseMs = 5_000
/** How long a suspect connection may take for `select 1`. */
const probeMs = 1_000
/** How long the server may take to end a session. */
const killMs = 5_000
/** More connections than a pool holds. */
const maxProbes = 50

/**
 * Finds connections that were cut off without a sign: a firewall or a failover that drops packets leaves them open for many
 * minutes. A connection that does not answer in time is destroyed, and its session on the server is ended, because it would hold
 * its locks. Connections that have not answered since then are probed before they are used.
 */
export class SessionGuard {
  readonly #source: () => Promise<Lease>
  readonly #answeredAt = new WeakMap<DatabaseConnection, number>()
  readonly #debug: Debug
  #suspectBefore = 0

  constructor(source: () => Promise<Lease>, debug: Debug) {
    this.#source = source
    this.#debug = debug
  }

  async lease(): Promise<Lease> {
    for (let probes = 0; probes < maxProbes; probes += 1) {
      const lease = await this.#fromSource()
      await lease.connection.collectSessionInfo?.()
      if (!this.#isSuspect(lease.connection) || (await this.#answers(lease.connection))) return lease
      await this.#destroy(lease.connection)
      lease.release()
    }
    throw lost('no connection of the pool answers')
  }

  /** A connection that cannot be destroyed is not probed: the result would change nothing. */
  #isSuspect(connection: DatabaseConnection): boolean {
    return (this.#answeredAt.get(connection) ?? 0) < this.#suspectBefore && connection.killSession !== undefined
  }

  noteAnswer(connection: DatabaseConnection): void {
    this.#answeredAt.set(connection, performance.now())
  }

  /**
   * Destroys a connection that did not answer a statement sent at `sentAt`. Never rejects.
   *
   * @returns false when the application's dialect cannot destroy connections
   */
  async destroyUnanswered(connection: DatabaseConnection, sentAt: number): Promise<boolean> {
    this.#suspectBefore = Math.max(this.#suspectBefore, sentAt)
    if (!connection.killSession) return false
    this.#debug('connection destroyed: it did not answer in time')
    await connection.killSession((kill) => this.#control(kill)).catch(() => undefined)
    return true
  }

  async #control(kill: (connection: DatabaseConnection) => Promise<void>): Promise<void> {
    const { connection, release } = await this.lease()
    try {
      await withTimeout(kill(connection), killMs, () => lost('the session was not ended in time'))
    } finally {
      release()
    }
  }

  async #answers(connection: DatabaseConnection): Promise<boolean> {
    try {
      await withTimeout(connection.executeQuery(CompiledQuery.raw('select 1')), probeMs, () => lost('no answer'))
      this.noteAnswer(connection)
      return true
    } catch {
      return false
    }
  }

  /** Destroys an idle connection. Its session holds no locks and is not ended on the server. */
  async #destroy(connection: DatabaseConnection): Promise<void> {
    this.#debug('connection destroyed: it did not answer a probe')
    await connection.killSession?.(async () => undefined).catch(() => undefined)
  }

  async #fromSource(): Promise<Lease> {
    const asked = this.#source()
    try {
      return await withTimeout(asked, leaseMs, () => lost('no connection became available'))
    } catch (error) {
      // Release a connection that arrives late.
      asked.then(
        ({ release }) => release(),
        () => undefined,
      )
      throw error
    }
  }
}

/** Makes an error in the form of the driver's network errors. */
export function lost(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT', fatal: true })
}
