import { type DatabaseConnection, type Dialect, type KyselyPlugin, MysqlDialect, sql } from 'kysely'
import type { DebugSource } from '../../../common/logging/debug.ts'
import type { BatchRunner, WriteBatch } from '../../log/commit/batch-runner.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import type { QueueLimits, QueueState } from '../../queue/work-queue.ts'
import type { DatabaseDriver } from '../database-dialect.ts'
import type { Server } from '../server.ts'
import type { Handles } from '../handles.ts'
import { KyselyBatchRunner } from '../batch/kysely-batch-runner.ts'
import type { Lease } from '../borrowed/lease.ts'
import { defaultConnections, MysqlGate } from './connection-gate.ts'
import { LeasingDriver, noPool } from './leasing-driver.ts'
import { SessionGuard } from './session-guard.ts'

/** A slower statement loses its connection. Shorter than the time limit of callers. */
const statementMs = 5_000

/** How a pool of connections is used. */
export interface MysqlSource {
  readonly lease: () => Promise<Lease>
  /** Connections that may be open at once; 10 when absent. */
  readonly connections?: number
  /** Whether sessions are READ COMMITTED from their start; otherwise each transaction asks for it. */
  readonly readCommitted: boolean
  /** Wraps each leased connection. */
  readonly wrap?: (connection: DatabaseConnection) => DatabaseConnection
  readonly plugins?: readonly KyselyPlugin[]
  readonly queueLimits?: QueueLimits | undefined
  readonly debug: DebugSource
  readonly close: () => Promise<void>
}

/** A MySQL or MariaDB server behind one gate, with one guard over its connections. */
export class MysqlDatabase implements DatabaseDriver {
  readonly file = null
  readonly plugins: readonly KyselyPlugin[]
  readonly #source: MysqlSource
  readonly #gate: MysqlGate
  readonly #guard: SessionGuard
  #server: Promise<Server> | null = null

  constructor(source: MysqlSource) {
    this.plugins = source.plugins ?? []
    this.#source = source
    this.#gate = new MysqlGate(source.connections ?? defaultConnections, source.queueLimits)
    this.#guard = new SessionGuard(source.lease, source.debug('storage'))
  }

  connect(work: WorkClass | 'migration'): Dialect {
    const migrates = work === 'migration'
    const { readCommitted, wrap = (connection) => connection } = this.#source
    const use = {
      kind: migrates ? 'interactive' : work,
      statementMs: migrates ? Infinity : statementMs,
      readCommitted,
      wrap,
    } as const
    const dialect = new MysqlDialect({ pool: noPool })
    return {
      createAdapter: () => dialect.createAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createDriver: () => new LeasingDriver(this.#gate, this.#guard, use),
    }
  }

  server({ limited }: Handles): Promise<Server> {
    this.#server ??= askServer(limited).catch((error: unknown) => {
      this.#server = null
      throw error
    })
    return this.#server
  }

  async batchRunner(write: WriteBatch, handles: Handles, patienceMs: number): Promise<BatchRunner> {
    const { flavour } = await this.server(handles)
    const isolation = this.#source.readCommitted ? [] : ['set transaction isolation level read committed']
    return new KyselyBatchRunner({
      db: handles.unlimited,
      flavour,
      begin: [...isolation, 'start transaction'],
      write,
      patienceMs,
    })
  }

  /** Does nothing: MySQL does not report commits of other processes. */
  onForeignCommit(): void {}

  async check(): Promise<void> {}

  queues(): QueueState[] {
    return this.#gate.queue.state()
  }

  close(): Promise<void> {
    return this.#source.close()
  }
}

async function askServer(db: Handles['limited']): Promise<Server> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db)
  const version = rows[0]?.version ?? ''
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  if (!/mariadb/i.test(version)) return { flavour: 'mysql', skipLocked: major >= 8 }
  return { flavour: 'mariadb', skipLocked: major > 10 || (major === 10 && minor >= 6) }
}
