import type { DatabaseConnection, Dialect, KyselyPlugin } from 'kysely'
import type { WakeUpSignal } from '../../../cluster/wake-ups/wake-up-signal-port.ts'
import type { DebugSource } from '../../../common/logging/debug.ts'
import type { BatchLimits, BatchRunner, WriteBatch } from '../../log/commit/batch-runner.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import type { QueueLimits, QueueState } from '../../queue/work-queue.ts'
import { KyselyBatchRunner } from '../batch/kysely-batch-runner.ts'
import type { Lease } from '../borrowed/lease.ts'
import type { DatabaseDriver, SignalOptions } from '../database-dialect.ts'
import type { Handles } from '../handles.ts'
import { ConnectionGate, defaultConnections, type PoolQueue } from './connection-gate.ts'
import { LeasingDriver, type TransactionDriver } from './leasing-driver.ts'
import type { Server } from './server.ts'
import { SessionGuard } from './session-guard.ts'

/** A slower statement loses its connection. Shorter than the time limit of callers. */
const statementMs = 5_000

/** How a pool of connections is used. */
export interface PoolSource {
  readonly lease: () => Promise<Lease>
  /** Connections that may be open at once; 10 when absent. */
  readonly connections?: number
  /** Wraps each leased connection. */
  readonly wrap?: (connection: DatabaseConnection) => DatabaseConnection
  readonly plugins?: readonly KyselyPlugin[]
  readonly queueLimits?: QueueLimits | undefined
  readonly debug: DebugSource
  readonly close: () => Promise<void>
  /** Makes the signal between nodes; they poll when absent. */
  readonly wakeUpSignal?: (options: SignalOptions) => WakeUpSignal
}

/** What a kind of server is. */
export interface ServerKind {
  /** The name of its queue in metrics. */
  readonly queue: PoolQueue
  /** Kysely's dialect for its SQL. */
  readonly dialect: Omit<Dialect, 'createDriver'>
  readonly transactions: TransactionDriver
  /** The statements that begin the transaction of a batch. */
  readonly beginBatch: readonly string[]
  /** Whether a connection takes statements before earlier ones are answered, and answers them in order. */
  readonly pipelined: boolean
  /** Absent where a server may limit the length of a statement. */
  readonly batchLimits?: BatchLimits
  /** Asks the server what it is. */
  ask(db: Handles['limited']): Promise<Server>
}

/** A server behind one gate, with one guard over its connections. */
export class ServerDatabase implements DatabaseDriver {
  readonly file = null
  readonly plugins: readonly KyselyPlugin[]
  readonly #source: PoolSource
  readonly #kind: ServerKind
  readonly #gate: ConnectionGate
  readonly #guard: SessionGuard
  #server: Promise<Server> | null = null

  constructor(source: PoolSource, kind: ServerKind) {
    this.plugins = source.plugins ?? []
    this.#source = source
    this.#kind = kind
    this.#gate = new ConnectionGate(kind.queue, source.connections ?? defaultConnections, source.queueLimits)
    this.#guard = new SessionGuard(source.lease, source.debug('storage'))
  }

  connect(work: WorkClass | 'migration'): Dialect {
    const migrates = work === 'migration'
    const { wrap = (connection) => connection } = this.#source
    const { dialect, transactions } = this.#kind
    const use = {
      kind: migrates ? 'interactive' : work,
      statementMs: migrates ? Infinity : statementMs,
      transactions,
      wrap,
    } as const
    return {
      createAdapter: () => dialect.createAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createDriver: () => new LeasingDriver(this.#gate, this.#guard, use),
    }
  }

  server({ limited }: Handles): Promise<Server> {
    this.#server ??= this.#kind.ask(limited).catch((error: unknown) => {
      this.#server = null
      throw error
    })
    return this.#server
  }

  async batchRunner(write: WriteBatch, handles: Handles, patienceMs: number): Promise<BatchRunner> {
    const { flavour } = await this.server(handles)
    return new KyselyBatchRunner({
      db: handles.unlimited,
      flavour,
      begin: this.#kind.beginBatch,
      write,
      pipelined: this.#kind.pipelined,
      limits: this.#kind.batchLimits,
      patienceMs,
    })
  }

  wakeUpSignal(options: SignalOptions): WakeUpSignal | null {
    return this.#source.wakeUpSignal?.(options) ?? null
  }

  /** Does nothing: servers do not report commits of other processes. */
  onForeignCommit(): void {}

  async check(): Promise<void> {}

  queues(): QueueState[] {
    return this.#gate.queue.state()
  }

  close(): Promise<void> {
    return this.#source.close()
  }
}
