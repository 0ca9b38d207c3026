import { type DatabaseConnection, type Dialect, Kysely, MysqlDialect, MysqlDriver } from 'kysely'
import type { WorkClass } from '../../queue/work-class.ts'
import type { QueueLimits, QueueState } from '../../queue/work-queue.ts'
import type { FocusTables } from '../../tables.ts'
import { defaultConnections, MysqlGate } from './connection-gate.ts'
import { GuardedConnection } from './guarded-connection.ts'
import { type Lease, SessionGuard } from './session-guard.ts'

/** A statement that takes longer loses its connection; below the time that callers wait. */
const queryMs = 5_000

/** A MySQL server with a handle for each class of work. */
export interface MysqlHandles {
  readonly db: (kind: WorkClass) => Kysely<FocusTables>
  /** Without a bound on the time of a statement. */
  readonly patient: Kysely<FocusTables>
  readonly queues: () => QueueState[]
}

export interface MysqlSource {
  readonly lease: () => Promise<Lease>
  /** How many there may be at once; 10 when absent. */
  readonly connections?: number
  readonly limits?: QueueLimits | undefined
  /** What else stands around each connection. */
  readonly wrap?: (connection: DatabaseConnection) => DatabaseConnection
}

/** Handles over a source of connections, behind one gate and under one guard. */
export function mysqlHandles({
  lease,
  connections = defaultConnections,
  limits,
  wrap = (connection) => connection,
}: MysqlSource): MysqlHandles {
  const gate = new MysqlGate(connections, limits)
  const guard = new SessionGuard(lease)
  const open = (kind: WorkClass, ms: number) =>
    new Kysely<FocusTables>({ dialect: dialectOver(() => new LeasingDriver(gate, guard, { kind, queryMs: ms, wrap })) })
  return {
    db: (kind) => open(kind, queryMs),
    patient: open('interactive', Infinity),
    queues: () => gate.queue.state(),
  }
}

function dialectOver(createDriver: () => MysqlDriver): Dialect {
  const dialect = new MysqlDialect({ pool: noPool })
  return {
    createAdapter: () => dialect.createAdapter(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createDriver,
  }
}

async function noPool(): Promise<never> {
  throw new TypeError('connections are leased')
}

interface Use {
  readonly kind: WorkClass
  readonly queryMs: number
  readonly wrap: (connection: DatabaseConnection) => DatabaseConnection
}

/** Transactions as Kysely has them, over connections that are leased. */
class LeasingDriver extends MysqlDriver {
  readonly #gate: MysqlGate
  readonly #guard: SessionGuard
  readonly #use: Use
  readonly #releases = new WeakMap<DatabaseConnection, () => void>()

  constructor(gate: MysqlGate, guard: SessionGuard, use: Use) {
    super({ pool: noPool })
    this.#gate = gate
    this.#guard = guard
    this.#use = use
  }

  override async init(): Promise<void> {}

  override async acquireConnection(): Promise<DatabaseConnection> {
    const { kind, queryMs, wrap } = this.#use
    const leave = await this.#gate.enter(kind)
    try {
      const guarded = new GuardedConnection(await this.#guard.lease(), this.#guard, queryMs)
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

  override async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#releases.get(connection)?.()
  }

  /** The source is closed by those who opened it. */
  override async destroy(): Promise<void> {}
}
