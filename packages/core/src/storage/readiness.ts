import { cachedAnswer } from '../common/async/cached-answer.ts'
import type { Database } from './database.ts'
import { sayingUnavailable } from './dialects/unavailable.ts'

/** How long an answer is good for. */
const keptMs = 1_000

/**
 * Whether the database answers and takes writes, asked of it at most once a second however often the caller asks.
 *
 * @returns a function that rejects with FocusError `storage_unavailable`
 */
export function createReadiness(database: Database): () => Promise<void> {
  const probe = sayingUnavailable(new WriteProbe(database))
  return cachedAnswer(keptMs, async () => {
    await database.check()
    await probe.write()
  })
}

/** More than a page of SQLite, so that the file or its log has to have room. */
const probeText = 'x'.repeat(8_192)

/** Writes one row: reading works on a full disk, on a read-only replica and on a file system that went read-only. */
class WriteProbe {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async write(): Promise<void> {
    const { db, dialect } = this.#database
    const insert = db.insertInto('focus_meta').values({ name: 'write-probe', value: probeText })
    const upsert =
      dialect === 'mysql'
        ? // An update to the same value would write nothing.
          insert.onDuplicateKeyUpdate({ value: `${performance.now()} ${probeText}` })
        : insert.onConflict((conflict) => conflict.column('name').doUpdateSet({ value: probeText }))
    await upsert.execute()
  }
}
