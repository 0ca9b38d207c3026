import { closeSync, openSync } from 'node:fs'
import { Kysely, SqliteDialect } from 'kysely'
import type { Logger } from '../../../common/logging/logger.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import type { QueueLimits, QueueState } from '../../queue/work-queue.ts'
import type { FocusTables } from '../../tables.ts'
import { openConnection } from './sqlite-connection.ts'
import { type SqliteThreads, SqliteThreadDialect } from './thread-dialect.ts'
import { PointReads } from './point-reads.ts'
import { SqliteReader } from './sqlite-reader.ts'
import { SqliteWriter } from './sqlite-writer.ts'

export interface SqliteFile {
  readonly writer: SqliteWriter
  readonly db: (kind: WorkClass) => Kysely<FocusTables>
  readonly queues: () => QueueState[]
  readonly close: () => Promise<void>
}

/** Opens a database file, with its threads. A file that is new is its owner's alone to read. */
export async function openSqliteFile(file: string, logger: Logger, limits?: QueueLimits): Promise<SqliteFile> {
  createPrivately(file)
  const connection = openConnection(file, { waitMs: 0 })
  try {
    const writer = await SqliteWriter.open(file, logger, limits)
    const foreground = new SqliteReader('sqlite_reader', file, logger, limits)
    const background = new SqliteReader('sqlite_background_reader', file, logger, limits)
    const threads: SqliteThreads = {
      points: new PointReads(connection),
      reader: { interactive: foreground, delivery: foreground, background },
      writer,
    }
    return {
      writer,
      db: (kind) => new Kysely<FocusTables>({ dialect: new SqliteThreadDialect(threads, kind) }),
      queues: () => [writer, foreground, background].flatMap(({ queue }) => queue.state()),
      close: async () => {
        await writer.close()
        await Promise.all([foreground.close(), background.close()])
        connection.close()
      },
    }
  } catch (error) {
    connection.close()
    throw error
  }
}

/** A database that lives as long as this process holds it: for tests and trials. */
export function openSqliteMemory(): Kysely<FocusTables> {
  return new Kysely<FocusTables>({ dialect: new SqliteDialect({ database: openConnection(':memory:') }) })
}

/** SQLite would let everybody on the machine read it; its `-wal` and `-shm` take their mode from the file. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    // One that exists has the mode that its owner wants. Another node may have made it just now.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}
