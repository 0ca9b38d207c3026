import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { FocusError } from '../common/errors.ts'
import { defaultLogger } from '../common/logging/default-logger.ts'
import type { Logger } from '../common/logging/logger.ts'
import { type AnyKysely, type DialectName, dialectOf } from './dialects/any-kysely.ts'
import { withTimeout } from '../common/async/with-timeout.ts'
import { borrowMysql } from './dialects/mysql/borrow.ts'
import { refuseUnsafeSession } from './dialects/mysql/session-safety.ts'
import { PlainNumbers } from './dialects/plain-numbers.ts'
import type { WorkClass } from './queue/work-class.ts'
import type { QueueLimits, QueueState } from './queue/work-queue.ts'
import type { SqliteWriter } from './dialects/sqlite/sqlite-writer.ts'
import type { FocusTables } from './tables.ts'

/** How long the database may take to say that it is there. */
const checkTimeoutMs = 5_000

/** The database as the rooms' stores use it. */
export interface Database {
  /** For work of the class that this handle stands for: `interactive`, unless `forClass` gave another one. */
  readonly db: Kysely<FocusTables>
  readonly dialect: DialectName
  /** Path of the file, for SQLite databases that Focus opened itself; otherwise null. */
  readonly file: string | null
  /** The writer thread, for SQLite files that Focus opened itself; otherwise null. */
  readonly writer: SqliteWriter | null
  /** Whether each connection is READ COMMITTED from its beginning; otherwise each transaction has to ask for it. */
  readonly readCommitted: boolean
  /** The same database for work of another class, which waits in its own place in every queue. */
  forClass(kind: WorkClass): Database
  /** For migrations, whose statements may take as long as they need. */
  readonly migrating: Kysely<FocusTables>
  /** What waits for the database in this process. */
  queues(): QueueState[]
  /** @throws FocusError `storage_unavailable` when the database does not answer, or cannot be written to */
  check(): Promise<void>
  /** Closes what Focus opened; an instance that was passed in stays open. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Hears of what goes wrong behind the calls; warnings and errors go to stderr when absent. */
  readonly logger?: Logger
  /** Bounds of each class in each queue in front of the database; `docs/limits.md` has the defaults. */
  readonly queueLimits?: QueueLimits
}

/**
 * Opens the database of a URL (`sqlite:focus.db`, `mysql://user:password@host/name`) or takes over the application's own
 * Kysely instance, which stays the application's to close.
 *
 * @throws FocusError `invalid_option` for a URL that is not understood, `missing_dependency` when the driver is not
 * installed, `storage_unavailable` when the file cannot be opened, `unsafe_database_session` when sessions of the
 * application's pool are in a mode in which the driver's escaping does not hold.
 */
export async function openDatabase(
  source: string | AnyKysely,
  { logger = defaultLogger, queueLimits }: DatabaseOptions = {},
): Promise<Database> {
  if (typeof source !== 'string') {
    if (!isKysely(source)) {
      throw new FocusError('invalid_option', 'database: is neither an address nor a Kysely instance', {
        hint: 'Use sqlite:<file>, mysql://user:password@host:3306/name, or pass a Kysely instance as `database`.',
      })
    }
    return borrow(source, queueLimits)
  }
  const file = sqliteName(source)
  if (file !== null) return openSqlite(file, logger, queueLimits)
  if (/^(mysql|mariadb):\/\//.test(source)) return openMysql(source, queueLimits)
  throw new FocusError('invalid_option', `DATABASE_URL: ${describeScheme(source)} is not supported`, {
    hint: 'Use sqlite:<file>, mysql://user:password@host:3306/name, or pass a Kysely instance as `database`.',
  })
}

async function borrow(source: AnyKysely, queueLimits?: QueueLimits): Promise<Database> {
  const dialect = dialectOf(source)
  const plain = source.withoutPlugins() as unknown as Kysely<FocusTables>
  const parts = { dialect, file: null, writer: null, readCommitted: false, close: async () => undefined }
  if (dialect === 'sqlite') {
    const db = plain.withPlugin(new PlainNumbers())
    return byClass(() => db, { ...parts, migrating: db, queues: () => [], check: () => check(db) })
  }
  await answering(refuseUnsafeSession(plain))
  const { db, patient, queues } = borrowMysql(plain, queueLimits)
  const numbered = (kind: WorkClass) => db(kind).withPlugin(new PlainNumbers())
  const checked = db('interactive')
  return byClass(numbered, {
    ...parts,
    migrating: patient.withPlugin(new PlainNumbers()),
    queues,
    check: () => check(checked),
  })
}

/** By its methods: an application's Kysely may be of another copy of the package. */
export function isKysely(source: unknown): boolean {
  return typeof source === 'object' && source !== null && 'withoutPlugins' in source && 'getExecutor' in source
}

/** Whether opening it would make it: the file of an SQLite database that does not exist yet. */
export function isMissingFile(source: string | AnyKysely): boolean {
  const name = typeof source === 'string' ? sqliteName(source) : null
  return name !== null && name !== ':memory:' && !existsSync(resolve(name))
}

function sqliteName(source: string): string | null {
  return source.startsWith('sqlite:') ? source.slice('sqlite:'.length).replace(/^\/\//, '') : null
}

async function openSqlite(name: string, logger: Logger, queueLimits?: QueueLimits): Promise<Database> {
  assertNodeVersion()
  const { openSqliteFile, openSqliteMemory } = await load('better-sqlite3', () => import('./dialects/sqlite/open.ts'))
  if (name === ':memory:') {
    const db = openSqliteMemory()
    return byClass(() => db, {
      dialect: 'sqlite',
      file: null,
      writer: null,
      readCommitted: false,
      migrating: db,
      queues: () => [],
      check: () => check(db),
      close: () => db.destroy(),
    })
  }
  const file = resolve(name)
  try {
    makeFolder(dirname(file))
    const { db, writer, queues, close } = await openSqliteFile(file, logger, queueLimits)
    const checked = db('interactive')
    return byClass(db, {
      dialect: 'sqlite',
      file,
      writer,
      readCommitted: false,
      migrating: checked,
      queues,
      check: () => check(checked, writer),
      close,
    })
  } catch (error) {
    throw new FocusError(
      'storage_unavailable',
      `The database file ${file} cannot be opened: ${(error as Error).message}`,
      {
        hint: 'Check that the folder exists and may be written, or set DATABASE_URL to another place.',
        cause: error,
      },
    )
  }
}

/** Not `recursive`: below a folder that takes no new ones (`/proc`) Node would then try for ever. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another node that starts at the same time may have been quicker.
    if (!existsSync(folder)) throw error
  }
}

async function openMysql(url: string, queueLimits?: QueueLimits): Promise<Database> {
  const { openMysqlPool } = await load('mysql2', () => import('./dialects/mysql/open.ts'))
  const { db, patient, queues, close } = await openMysqlPool(url.replace(/^mariadb:/, 'mysql:'), queueLimits)
  const checked = db('interactive')
  return byClass(db, {
    dialect: 'mysql',
    file: null,
    writer: null,
    readCommitted: true,
    migrating: patient,
    queues,
    check: () => check(checked),
    close,
  })
}

/** One database as a handle for each class of work. */
function byClass(open: (kind: WorkClass) => Kysely<FocusTables>, parts: Omit<Database, 'db' | 'forClass'>): Database {
  const handles = new Map<WorkClass, Database>()
  const forClass = (kind: WorkClass): Database => {
    const handle = handles.get(kind) ?? { ...parts, db: open(kind), forClass }
    handles.set(kind, handle)
    return handle
  }
  return forClass('interactive')
}

async function check(db: Kysely<FocusTables>, writer?: SqliteWriter): Promise<void> {
  await answering(sql`select 1`.execute(db).then(() => writer?.query('select 1', [])))
}

/** A database that hangs keeps connections open and says nothing: callers must get an answer in bounded time. */
async function answering(answer: Promise<unknown>): Promise<void> {
  try {
    await withTimeout(answer, checkTimeoutMs, () => new Error(`no answer within ${checkTimeoutMs} ms`))
  } catch (error) {
    if (error instanceof FocusError && error.code === 'unsafe_database_session') throw error
    throw new FocusError('storage_unavailable', 'The database does not answer.', { retryAfterSeconds: 5, cause: error })
  }
}

/** better-sqlite3 crashes an older Node with a segmentation fault and no message. */
function assertNodeVersion(): void {
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12)) return
  throw new FocusError('missing_dependency', `SQLite needs Node 22.12 or newer; this is Node ${node}.`, {
    hint: 'Install a newer Node: https://nodejs.org.',
  })
}

async function load<T>(name: string, importer: () => Promise<T>): Promise<T> {
  try {
    return await importer()
  } catch (error) {
    throw new FocusError('missing_dependency', `DATABASE_URL needs the package ${name}, which cannot be loaded`, {
      hint: `Run \`npm install ${name}\`.`,
      cause: error,
    })
  }
}

function describeScheme(source: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(source)?.[0]
  return scheme ? `the scheme ${scheme}` : 'a value without a scheme'
}
