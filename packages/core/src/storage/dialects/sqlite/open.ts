import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Dialect, Kysely, SqliteDialect } from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import type { WakeUpSignal } from '../../../cluster/wake-ups/wake-up-signal-port.ts'
import type { BatchRunner } from '../../log/commit/batch-runner.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import type { QueueState } from '../../queue/work-queue.ts'
import type { DatabaseDriver, DriverOptions } from '../database-dialect.ts'
import type { Server } from '../servers/server.ts'
import { messageOf } from '../storage-error.ts'
import { borrowSqlite } from './borrow.ts'
import { FileSignal } from './file-signal.ts'
import { PointReads } from './point-reads.ts'
import { openConnection, type SqliteConnection } from './sqlite-connection.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteWriter } from './sqlite-writer.ts'
import { SqliteThreadDialect } from './thread-dialect.ts'

/**
 * Opens a database file with its threads. A new file can be read only by its owner.
 *
 * @throws FocusError `storage_unavailable` when the file cannot be opened
 */
export async function openSqliteFile(file: string, options: DriverOptions): Promise<DatabaseDriver> {
  try {
    createFolder(dirname(file))
    createPrivately(file)
    const connection = openConnection(file, { waitMs: 0 })
    // A thread takes longer to start than everything else here.
    const opening = SqliteWriter.open(file, options)
    const foreground = new SqliteReader('sqlite_reader', file, options)
    const background = new SqliteReader('sqlite_background_reader', file, options)
    for (const kind of options.readsAtOnce ?? []) (kind === 'background' ? background : foreground).start()
    const writer = await opening.catch(async (error: unknown) => {
      await Promise.all([foreground.close(), background.close()])
      connection.close()
      throw error
    })
    return new SqliteFile({ file, connection, writer, foreground, background })
  } catch (error) {
    throw new FocusError('storage_unavailable', `The database file ${file} cannot be opened: ${messageOf(error)}`, {
      hint: 'Check that the folder exists and is writable, or set DATABASE_URL to another path.',
      cause: error,
    })
  }
}

/** Opens a database that lives as long as this process holds it: for tests and trials. */
export function openSqliteMemory(): DatabaseDriver {
  const source = new Kysely({ dialect: new SqliteDialect({ database: openConnection(':memory:') }) })
  return borrowSqlite(source, () => source.destroy())
}

/** A file with one writer thread, two reader threads, and a connection of the event loop for reads of single rows. */
class SqliteFile implements DatabaseDriver {
  readonly file: string
  readonly plugins = []
  readonly #connection: SqliteConnection
  readonly #points: PointReads
  readonly #writer: SqliteWriter
  readonly #foreground: SqliteReader
  readonly #background: SqliteReader

  constructor(parts: {
    readonly file: string
    readonly connection: SqliteConnection
    readonly writer: SqliteWriter
    readonly foreground: SqliteReader
    readonly background: SqliteReader
  }) {
    this.file = parts.file
    this.#connection = parts.connection
    this.#points = new PointReads(parts.connection)
    this.#writer = parts.writer
    this.#foreground = parts.foreground
    this.#background = parts.background
  }

  connect(work: WorkClass | 'migration'): Dialect {
    const kind = work === 'migration' ? 'interactive' : work
    // A long read in the background must not delay callers that wait.
    const reader = kind === 'background' ? this.#background : this.#foreground
    return new SqliteThreadDialect({ kind, reader, points: this.#points, writer: this.#writer })
  }

  async server(): Promise<Server> {
    return { flavour: 'sqlite', skipLocked: false }
  }

  /** The writer thread has the function that writes batches: see `sqlite-worker.ts`. */
  async batchRunner(): Promise<BatchRunner> {
    return this.#writer
  }

  onForeignCommit(listener: () => void): void {
    this.#writer.onForeignCommit(listener)
  }

  wakeUpSignal(): WakeUpSignal {
    return new FileSignal(this.#foreground, this.#writer)
  }

  async check(): Promise<void> {
    await this.#writer.query('select 1', [])
  }

  queues(): QueueState[] {
    return [this.#writer, this.#foreground, this.#background].flatMap(({ queue }) => queue.state())
  }

  async close(): Promise<void> {
    await this.#writer.close()
    await Promise.all([this.#foreground.close(), this.#background.close()])
    this.#connection.close()
  }
}

/** Not `recursive`: in a folder that accepts none (`/proc`) Node would try forever. */
function createFolder(folder: string): void {
  if (existsSync(folder)) return
  createFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another node that starts at the same time may have created it.
    if (!existsSync(folder)) throw error
  }
}

/** SQLite would let every user of the machine read it; its `-wal` and `-shm` files take their mode from it. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    // An existing file keeps the mode that its owner chose. Another node may have created it just now.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
