import type { Dialect, DialectAdapter, KyselyPlugin } from 'kysely'
import type { WakeUpSignal } from '../../cluster/wake-ups/wake-up-signal-port.ts'
import type { Debug, DebugSource } from '../../common/logging/debug.ts'
import type { Logger } from '../../common/logging/logger.ts'
import type { BatchRunner, WriteBatch } from '../log/commit/batch-runner.ts'
import type { WorkClass } from '../queue/work-class.ts'
import type { QueueLimits, QueueState } from '../queue/work-queue.ts'
import type { AnyKysely, DialectName } from './any-kysely.ts'
import type { Flavour, Server } from './servers/server.ts'
import type { Handles } from './handles.ts'
import type { StartProblem } from './servers/start-problem.ts'
import type { Classify } from './storage-error.ts'
import type { TableDefinition } from './table-definition.ts'

/** One kind of database. To support another one, add a folder with a `dialect.ts` and list it in `dialects.ts`. */
export interface DatabaseDialect {
  readonly name: DialectName
  readonly syntax: Syntax
  /** Whether a `DATABASE_URL` names a database of this kind. */
  accepts(url: string): boolean
  /** Whether the database of a URL that is accepted would be created by opening it. */
  isMissing(url: string): boolean
  /** Whether an application's own Kysely with this adapter speaks to such a database. */
  adapts(adapter: DialectAdapter): boolean
  /**
   * Opens the database of a URL that is accepted.
   *
   * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
   */
  open(url: string, options: DriverOptions): Promise<DatabaseDriver>
  /**
   * Uses an application's own Kysely, which stays open.
   *
   * @throws FocusError `storage_unavailable`, `unsafe_database_session`
   */
  borrow(source: AnyKysely, options: DriverOptions): Promise<DatabaseDriver>
  /** Returns the idempotent statements that create a table. */
  createTable(table: TableDefinition, flavour: Flavour): string[]
  /** Classifies an error of the driver. */
  readonly classify: Classify
  /** Explains an error of the driver that the settings cause; null for others. */
  readonly startProblem: (error: unknown) => StartProblem | null
}

/** Where the SQL of databases differs. */
export interface Syntax {
  /** The clause of an insert that says what happens to a row with the same key. */
  readonly upsert: 'on conflict' | 'on duplicate key'
  /** Whether a query can lock the rows that it finds (`for update`). */
  readonly rowLocks: boolean
  /** Whether an insert can return the columns of its rows; otherwise the driver returns the id of the last one. */
  readonly returning: boolean
  /** The placeholder that all drivers and query builders of this database understand; null where they differ. */
  readonly placeholder: '?' | null
  /** An expression for the database's own clock: whole milliseconds since 1970. */
  readonly now: string
  /** The statement that lets a transaction migrate alone, where DDL is part of transactions; otherwise Kysely's lock is used. */
  readonly migrationLock: string | null
}

export interface DriverOptions {
  readonly logger: Logger
  readonly debug: DebugSource
  /** Limits of each class in each queue in front of the database. */
  readonly queueLimits?: QueueLimits | undefined
  /** Classes whose reads come at once: their threads of a SQLite file start with it. The first read starts the others. */
  readonly readsAtOnce?: readonly WorkClass[] | undefined
}

/** What a signal between nodes needs. */
export interface SignalOptions {
  /** The database without a pooler in between; null for the address of the database itself. */
  readonly directUrl: string | null
  /** For statements between the nodes. */
  readonly handles: Handles
  readonly logger: Logger
  readonly debug: Debug
}

/** One open database, before its errors are translated. */
export interface DatabaseDriver {
  /** Path of the file, for SQLite databases that Focus opened itself; otherwise null. */
  readonly file: string | null
  /** Plugins that every handle needs. */
  readonly plugins: readonly KyselyPlugin[]
  /** Kysely's dialect for work of one class, or for migrations, whose statements take as long as they need. */
  connect(work: WorkClass | 'migration'): Dialect
  /** Asks the server what it is. */
  server(handles: Handles): Promise<Server>
  /**
   * Makes the fastest way to commit batches of notifications.
   *
   * @param write writes a batch inside an open transaction
   * @param patienceMs how long a batch is tried again while the database is away or locked
   */
  batchRunner(write: WriteBatch, handles: Handles, patienceMs: number): Promise<BatchRunner>
  /** Calls back when another process has committed, where the database can tell. */
  onForeignCommit(listener: () => void): void
  /** Makes the signal of commits to other nodes, where the database has a better one than polling. */
  wakeUpSignal?(options: SignalOptions): WakeUpSignal | null
  /** Checks parts that a read over `connect` does not reach. */
  check(): Promise<void>
  /** The work that waits for this database in this process. */
  queues(): QueueState[]
  /** Closes what Focus opened. */
  close(): Promise<void>
}
