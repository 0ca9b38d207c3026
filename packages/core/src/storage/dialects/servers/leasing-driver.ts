import type { DatabaseConnection, Driver, TransactionSettings } from 'kysely'
import type { WorkClass } from '../../queue/work-class.ts'
import type { ConnectionGate } from './connection-gate.ts'
import { GuardedConnection } from './guarded-connection.ts'
import type { SessionGuard } from './session-guard.ts'

/** The part of a driver of Kysely that starts and ends transactions. */
export type TransactionDriver = Pick<Driver, 'beginTransaction' | 'commitTransaction' | 'rollbackTransaction'>

/** How one handle uses connections. */
export interface ConnectionUse {
  readonly kind: WorkClass
  /** How long a statement may take; `Infinity` for no limit. */
  readonly statementMs: number
  readonly transactions: TransactionDriver
  readonly wrap: (connection: DatabaseConnection) => DatabaseConnection
}

/** Kysely's transactions over leased connections. */
export class LeasingDriver implements Driver {
  readonly #gate: ConnectionGate
  readonly #guard: SessionGuard
  readonly #use: ConnectionUse
  readonly #releases = new WeakMap<DatabaseConnection, () => void>()

  constructor(gate: ConnectionGate, guard: SessionGuard, use: ConnectionUse) {
    this.#gate = gate
    this.#guard = guard
    this.#use = use
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const { kind, statementMs, wrap } = this.#use
    const leave = await this.#gate.enter(kind)
    try {
      const guarded = new GuardedConnection(await this.#guard.lease(), this.#guard, statementMs)
      const connection = wrap(guarded)
      this.#releases.set(connection, () => {
        guarded.release()
        leave()
      })
      return connection
    } catch (error) {
      leave()
      throw error
    }
  }

  beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    return this.#use.transactions.beginTransaction(connection, settings)
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#use.transactions.commitTransaction(connection)
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return this.#use.transactions.rollbackTransaction(connection)
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#releases.get(connection)?.()
  }

  /** Does nothing: the owner of the pool closes it. */
  async destroy(): Promise<void> {}
}

/** Stands for the pool that Kysely's driver would take connections from. */
export async function noPool(): Promise<never> {
  throw new TypeError('connections are leased')
}
