import { closeSync, openSync } from 'node:fs'
import { Kysely, SqliteDialect } from 'kysely'
import type { Logger } from '../../runtime.ts'
import type { FocusTables } from '../tables.ts'
import { openConnection } from './connection.ts'
import { SqliteThreadDialect } from './dialect.ts'
import { SqliteWriter } from './writer.ts'

export interface SqliteFile {
  readonly db: Kysely<FocusTables>
  readonly writer: SqliteWriter
  close(): Promise<void>
}

/** Opens a database file: reads here, writes in a thread of its own. A file that is new is its owner's alone to read. */
export async function openSqliteFile(file: string, logger: Logger): Promise<SqliteFile> {
  createPrivately(file)
  const reader = openConnection(file)
  try {
    const writer = await SqliteWriter.open(file, logger)
    const db = new Kysely<FocusTables>({ dialect: new SqliteThreadDialect(reader, writer) })
    const close = async () => {
      await db.destroy()
      await writer.close()
      reader.close()
    }
    return { db, writer, close }
  } catch (error) {
    reader.close()
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
