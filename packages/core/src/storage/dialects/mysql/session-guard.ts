import { CompiledQuery, type DatabaseConnection } from 'kysely'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { Debug } from '../../../common/logging/debug.ts'
import type { Lease } from '../lease.ts'

/** How long it may take to get a connection, from the pool or newly made. */
const leaseMs = 5_000
/** How long a connection under suspicion may take for `select 1`. */
const probeMs = 1_000
/** How long the server may take to end a session. */
const killMs = 5_000
/** More connections than a pool holds. */
const maxProbes = 50

/**
 * Tells connections that answer from those that were cut off without a sign: a firewall or a failover that drops packets leaves them
 * open for many minutes. One that did not answer in time is destroyed and its session on the server ended, because that would hold
 * its locks; others that have not answered since are asked before they are used.
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

  /** One that cannot be destroyed is not asked: there would be nothing to do about the answer. */
  #isSuspect(connection: DatabaseConnection): boolean {
    return (this.#answeredAt.get(connection) ?? 0) < this.#suspectBefore && connection.killSession !== undefined
  }

  noteAnswer(connection: DatabaseConnection): void {
    this.#answeredAt.set(connection, performance.now())
  }

  /**
   * Destroys a connection that did not answer what was sent at `sentAt`. Never rejects; false where its dialect cannot destroy
   * connections.
   */
  async giveUp(connection: DatabaseConnection, sentAt: number): Promise<boolean> {
    this.#suspectBefore = Math.max(this.#suspectBefore, sentAt)
    if (!connection.killSession) return false
    this.#debug('connection destroyed: it did not answer in time')
    await connection.killSession((kill) => this.#control(kill)).catch(() => undefined)
    return true
  }

  async #control(kill: (connection: DatabaseConnection) => Promise<void>): Promise<void> {
    const { connection, release } = await this.lease()
    try {
      await withTimeout(kill(connection), killMs, () => lost('the session could not be ended'))
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

  /** Its session holds nothing: it was idle. */
  async #destroy(connection: DatabaseConnection): Promise<void> {
    this.#debug('connection destroyed: it did not answer a probe')
    await connection.killSession?.(async () => undefined).catch(() => undefined)
  }

  async #fromSource(): Promise<Lease> {
    const asked = this.#source()
    try {
      return await withTimeout(asked, leaseMs, () => lost('no connection to be had'))
    } catch (error) {
      // It may come late, and is then given back.
      asked.then(
        ({ release }) => release(),
        () => undefined,
      )
      throw error
    }
  }
}

/** In the form of a driver's error about its network. */
export function lost(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT', fatal: true })
}
