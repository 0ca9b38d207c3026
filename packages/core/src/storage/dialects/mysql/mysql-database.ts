import { type DatabaseConnection, type Dialect, type KyselyPlugin, MysqlDialect, sql } from 'kysely'
import type { DebugSource } from '../../../common/logging/debug.ts'
import type { BatchRunner, WriteBatch } from '../../log/commit/batch-runner.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import type { QueueLimits, QueueState } from '../../queue/work-queue.ts'
import type { DatabaseDriver } from '../database-dialect.ts'
import type { Flavour } from '../flavour.ts'
import type { Handles } from '../handles.ts'
import { KyselyBatchRunner } from '../kysely-batch-runner.ts'
import type { Lease } from '../lease.ts'
import { defaultConnections, MysqlGate } from './connection-gate.ts'
import { LeasingDriver, noPool } from './leasing-driver.ts'
import { SessionGuard } from './session-guard.ts'

/** A statement that takes longer loses its connection; below the time that callers wait. */
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
  #flavour: Promise<Flavour> | null = null

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

  flavour({ limited }: Handles): Promise<Flavour> {
    this.#flavour ??= askFlavour(limited).catch((error: unknown) => {
      this.#flavour = null
      throw error
    })
    return this.#flavour
  }

  async batchRunner(write: WriteBatch, handles: Handles, patienceMs: number): Promise<BatchRunner> {
    const isolation = this.#source.readCommitted ? [] : ['set transaction isolation level read committed']
    return new KyselyBatchRunner({
      db: handles.unlimited,
      flavour: await this.flavour(handles),
      begin: [...isolation, 'start transaction'],
      write,
      patienceMs,
    })
  }

  /** MySQL does not tell. */
  onForeignCommit(): void {}

  async check(): Promise<void> {}

  queues(): QueueState[] {
    return this.#gate.queue.state()
  }

  close(): Promise<void> {
    return this.#source.close()
  }
}

async function askFlavour(db: Handles['limited']): Promise<Flavour> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(db)
  return /mariadb/i.test(rows[0]?.version ?? '') ? 'mariadb' : 'mysql'
}
