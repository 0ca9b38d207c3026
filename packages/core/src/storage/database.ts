import { type Kysely, sql } from 'kysely'
import type { WakeUpSignal } from '../cluster/wake-ups/wake-up-signal-port.ts'
import { withTimeout } from '../common/async/with-timeout.ts'
import { FocusError } from '../common/errors.ts'
import { type Debug, type DebugSource, debugSource } from '../common/logging/debug.ts'
import { defaultLogger } from '../common/logging/default-logger.ts'
import type { Logger } from '../common/logging/logger.ts'
import { type AnyKysely, type DialectName, isKysely } from './dialects/any-kysely.ts'
import type { DatabaseDialect, DatabaseDriver, SignalOptions, Syntax } from './dialects/database-dialect.ts'
import { dialects } from './dialects/dialects.ts'
import type { Flavour, Server } from './dialects/servers/server.ts'
import type { StartProblem } from './dialects/servers/start-problem.ts'
import { type Handles, openHandles } from './dialects/handles.ts'
import { driverErrorOf } from './dialects/storage-error.ts'
import type { TableDefinition } from './dialects/table-definition.ts'
import { translatingDialect } from './dialects/translating-dialect.ts'
import type { BatchRunner, WriteBatch } from './log/commit/batch-runner.ts'
import type { WorkClass } from './queue/work-class.ts'
import type { QueueLimits, QueueState } from './queue/work-queue.ts'
import type { FocusTables } from './tables.ts'

/** How long the database may take to answer a check. */
const checkTimeoutMs = 5_000

/**
 * The database as stores use it. Failures of the database itself are FocusErrors: `storage_unavailable`, `overloaded`,
 * `closed`; see `StorageError` and `DuplicateKeyError`.
 */
export interface Database {
  /**
   * For work of one class: `interactive`, unless `forClass` chose another one. A statement or transaction that takes longer
   * than 10 s rejects with `storage_unavailable`, unless `withoutTimeLimit` was called.
   */
  readonly db: Kysely<FocusTables>
  readonly dialect: DialectName
  /** Where the SQL of databases differs: see `dialect-statements.ts`. */
  readonly syntax: Syntax
  /** Path of the file, for SQLite databases that Focus opened itself; otherwise null. */
  readonly file: string | null
  /** Returns the same database for work of another class, which waits in its own place in every queue. */
  forClass(kind: WorkClass): Database
  /** Returns the same database for work that no caller waits for, or that has a time limit of its own. */
  withoutTimeLimit(): Database
  /** Traces the namespace `storage`. */
  readonly debug: Debug
  /** Receives errors of work that no caller waits for, and the progress of migrations. */
  readonly logger: Logger
  /** For migrations, whose statements take as long as they need. */
  readonly migrating: Kysely<FocusTables>
  /** Explains an error of the driver that the settings cause; null for others. */
  startProblem(error: unknown): StartProblem | null
  /** Returns the idempotent statements that create a table. */
  createTable(table: TableDefinition, flavour: Flavour): string[]
  /** Asks the server, once, what it is. */
  server(): Promise<Server>
  /**
   * Makes the fastest way to commit batches of notifications.
   *
   * @param write writes a batch inside an open transaction
   * @param patienceMs how long a batch is tried again while the database is away or locked
   */
  batchRunner(write: WriteBatch, patienceMs: number): Promise<BatchRunner>
  /** Calls back when another process has committed. Only SQLite files that Focus opened itself can tell. */
  onForeignCommit(listener: () => void): void
  /**
   * Makes the signal by which nodes wake each other; null where they poll. Its owner closes it before the database.
   *
   * @throws FocusError `invalid_option` for a direct URL that is not valid
   */
  wakeUpSignal(options: Omit<SignalOptions, 'handles'>): WakeUpSignal | null
  /** Returns the work that waits for the database in this process. */
  queues(): QueueState[]
  /** @throws FocusError `storage_unavailable` when the database does not answer within 5 s */
  check(): Promise<void>
  /** Closes what Focus opened; an application's own instance stays open. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Receives failures that no caller waits for; warnings and errors go to stderr when absent. */
  readonly logger?: Logger
  /** Traces the namespace `storage`; silent when absent. */
  readonly debug?: DebugSource
  /** Limits of each class in each queue in front of the database; `docs/limits.md` has the defaults. */
  readonly queueLimits?: QueueLimits
  /** Classes of which reads follow at once: their threads of a SQLite file then start together with the writer. */
  readonly readsAtOnce?: readonly WorkClass[]
}

/**
 * Opens the database of a URL (`sqlite:focus.db`, `mysql://user:password@host/name`, `postgres://…`), or uses the application's own Kysely
 * instance, which the application closes.
 *
 * @throws FocusError `invalid_option` for an unknown kind of database, `missing_dependency` when the driver is not installed,
 * `storage_unavailable` when the file cannot be opened or the server does not answer, `unsafe_database_session` when sessions
 * of the application's pool are in a mode in which the driver's escaping is not safe.
 */
export async function openDatabase(
  source: string | AnyKysely,
  { logger = defaultLogger, debug = debugSource(undefined, null), queueLimits, readsAtOnce }: DatabaseOptions = {},
): Promise<Database> {
  const options = { logger, debug, queueLimits, readsAtOnce }
  const dialect = typeof source === 'string' ? dialectOfUrl(source) : dialectOfInstance(source)
  const driver = await (typeof source === 'string' ? dialect.open(source, options) : dialect.borrow(source, options))
  const trace = debug('storage')
  trace('database opened', { dialect: dialect.name, file: driver.file })
  return new OpenDatabase(dialect, driver, { debug: trace, logger }).forClass('interactive')
}

/** Returns whether opening the database would create it: the file of an SQLite database that does not exist yet. */
export function isMissingFile(source: string | AnyKysely): boolean {
  return typeof source === 'string' && dialects.some((dialect) => dialect.accepts(source) && dialect.isMissing(source))
}

const sourceHint =
  'Use sqlite:<file>, mysql://user:password@host:3306/name, postgres://user:password@host:5432/name, or pass a Kysely instance as `database`.'

function dialectOfUrl(url: string): DatabaseDialect {
  const dialect = dialects.find((candidate) => candidate.accepts(url))
  if (dialect) return dialect
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0]
  const what = scheme ? `the scheme ${scheme}` : 'a value without a scheme'
  throw new FocusError('invalid_option', `DATABASE_URL: ${what} is not supported.`, { hint: sourceHint })
}

function dialectOfInstance(source: AnyKysely): DatabaseDialect {
  if (!isKysely(source)) {
    throw new FocusError('invalid_option', 'database: is neither a URL nor a Kysely instance.', { hint: sourceHint })
  }
  const { adapter } = source.getExecutor()
  const dialect = dialects.find((candidate) => candidate.adapts(adapter))
  if (dialect) return dialect
  throw new FocusError('invalid_option', `database: ${adapter.constructor.name} is not supported.`, {
    hint: 'Pass a Kysely instance for SQLite, MySQL/MariaDB or PostgreSQL, or a URL such as sqlite:focus.db or postgres://user:password@host/name.',
  })
}

/** One open database, with a handle for each class of work. */
class OpenDatabase {
  readonly #dialect: DatabaseDialect
  readonly #driver: DatabaseDriver
  readonly #observers: Pick<Database, 'debug' | 'logger'>
  readonly #classes = new Map<WorkClass, { readonly limited: Database; readonly unlimited: Database }>()
  readonly #migrating: Kysely<FocusTables>

  constructor(dialect: DatabaseDialect, driver: DatabaseDriver, observers: Pick<Database, 'debug' | 'logger'>) {
    this.#dialect = dialect
    this.#driver = driver
    this.#observers = observers
    this.#migrating = this.#open('migration').unlimited
  }

  forClass(kind: WorkClass): Database {
    const known = this.#classes.get(kind)
    if (known) return known.limited
    const handles = this.#open(kind)
    const unlimited: Database = { ...this.#shared(handles), db: handles.unlimited, withoutTimeLimit: () => unlimited }
    const limited: Database = { ...unlimited, db: handles.limited }
    this.#classes.set(kind, { limited, unlimited })
    return limited
  }

  #open(work: WorkClass | 'migration'): Handles {
    const dialect = translatingDialect(this.#driver.connect(work), this.#dialect.classify)
    return openHandles(dialect, this.#driver.plugins)
  }

  #shared(handles: Handles): Omit<Database, 'db' | 'withoutTimeLimit'> {
    const driver = this.#driver
    return {
      dialect: this.#dialect.name,
      syntax: this.#dialect.syntax,
      ...this.#observers,
      file: driver.file,
      forClass: (kind) => this.forClass(kind),
      migrating: this.#migrating,
      startProblem: (error) => this.#dialect.startProblem(driverErrorOf(error)),
      createTable: (table, flavour) => this.#dialect.createTable(table, flavour),
      server: () => driver.server(handles),
      batchRunner: (write, patienceMs) => driver.batchRunner(write, handles, patienceMs),
      onForeignCommit: (listener) => driver.onForeignCommit(listener),
      wakeUpSignal: (options) => driver.wakeUpSignal?.({ ...options, handles }) ?? null,
      queues: () => driver.queues(),
      check: () => check(handles.limited, driver),
      close: () => driver.close(),
    }
  }
}

/** A database that hangs keeps connections open without answering: callers must get an answer in a limited time. */
async function check(db: Kysely<FocusTables>, driver: DatabaseDriver): Promise<void> {
  const answer = sql`select 1`.execute(db).then(() => driver.check())
  try {
    await withTimeout(answer, checkTimeoutMs, () => new Error(`no answer within ${checkTimeoutMs} ms`))
  } catch (error) {
    if (error instanceof FocusError && error.code === 'unsafe_database_session') throw error
    throw new FocusError('storage_unavailable', 'The database does not answer.', {
      retryAfterSeconds: 5,
      cause: driverErrorOf(error),
    })
  }
}
