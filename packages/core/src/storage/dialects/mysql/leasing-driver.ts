import { type DatabaseConnection, MysqlDriver, type TransactionSettings } from 'kysely'
import type { WorkClass } from '../../queue/work-class.ts'
import type { MysqlGate } from './connection-gate.ts'
import { GuardedConnection } from './guarded-connection.ts'
import type { SessionGuard } from './session-guard.ts'

/** How one handle uses connections. */
export interface ConnectionUse {
  readonly kind: WorkClass
  /** How long a statement may take; `Infinity` for no limit. */
  readonly statementMs: number
  readonly readCommitted: boolean
  readonly wrap: (connection: DatabaseConnection) => DatabaseConnection
}

/** Kysely's transactions over leased connections, all of them READ COMMITTED: the default level locks gaps and deadlocks. */
export class LeasingDriver extends MysqlDriver {
  readonly #gate: MysqlGate
  readonly #guard: SessionGuard
  readonly #use: ConnectionUse
  readonly #releases = new WeakMap<DatabaseConnection, () => void>()

  constructor(gate: MysqlGate, guard: SessionGuard, use: ConnectionUse) {
    super({ pool: noPool })
    this.#gate = gate
    this.#guard = guard
    this.#use = use
  }

  override async init(): Promise<void> {}

  override async acquireConnection(): Promise<DatabaseConnection> {
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

  override beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (this.#use.readCommitted) return super.beginTransaction(connection, settings)
    // For a transaction without a level, Kysely passes an undefined member.
    const { isolationLevel = 'read committed' } = settings
    return super.beginTransaction(connection, { ...settings, isolationLevel })
  }

  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#releases.get(connection)?.()
  }

  /** Does nothing: the owner of the pool closes it. */
  override async destroy(): Promise<void> {}
}

/** Stands for the pool that Kysely's driver would take connections from. */
export async function noPool(): Promise<never> {
  throw new TypeError('connections are leased')
}
