import { cachedAnswer } from '../common/async/cached-answer.ts'
import type { Database } from './database.ts'
import { orUpdate } from './dialect-statements.ts'

/** How long an answer is kept. */
const keptMs = 1_000

/**
 * Makes a check whether the database answers and accepts writes. The database is asked at most once a second, however often
 * the check is called.
 *
 * @returns a function that rejects with FocusError `storage_unavailable`
 */
export function createReadiness(database: Database): () => Promise<void> {
  return cachedAnswer(keptMs, async () => {
    await database.check()
    await writeProbe(database)
  })
}

/** Larger than a page of SQLite, so that the file or its log needs free space. */
const probeText = 'x'.repeat(8_192)

/** Writes one row: reads succeed on a full disk, on a read-only replica and on a read-only file system. */
async function writeProbe(database: Database): Promise<void> {
  // A value of its own each time: an update to the same value writes nothing on MySQL.
  const value = `${performance.now()} ${probeText}`
  const insert = database.db.insertInto('focus_meta').values({ name: 'write-probe', value })
  await orUpdate(database, insert, ['name'], { value }).execute()
}
