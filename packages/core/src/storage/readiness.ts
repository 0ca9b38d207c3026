import { cachedAnswer } from '../common/async/cached-answer.ts'
import type { Database } from './database.ts'

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
async function writeProbe({ db, dialect }: Database): Promise<void> {
  const insert = db.insertInto('focus_meta').values({ name: 'write-probe', value: probeText })
  const upsert =
    dialect === 'mysql'
      ? // An update to the same value would write nothing.
        insert.onDuplicateKeyUpdate({ value: `${performance.now()} ${probeText}` })
      : insert.onConflict((conflict) => conflict.column('name').doUpdateSet({ value: probeText }))
  await upsert.execute()
}
