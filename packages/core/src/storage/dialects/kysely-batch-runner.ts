import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CompiledQuery, type Kysely } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { LogEntry } from '../../notifications/log-entry-port.ts'
import type { Database } from '../database.ts'
import type { Flavour } from './any-kysely.ts'
import { isDuplicate } from './retry.ts'
import type { FocusTables } from '../tables.ts'
import type { BatchRunner } from '../log/commit/batch-runner.ts'
import { classify, codeIn } from './failures.ts'
import { KyselyBatchSession } from './kysely-batch-session.ts'
import { batchStatements } from '../log/commit/statements.ts'
import { type BatchContext, type BatchResult, writeBatch } from '../log/commit/write-batch.ts'

/** How often a batch is tried again after losing to other transactions. */
const maxContentions = 20

/**
 * Commits batches over Kysely, on MySQL and on SQLite databases that the application opened itself. A batch that lost its
 * connection during COMMIT is looked up by its id before it is tried again: the id's primary key lets it land once.
 */
export class KyselyBatchRunner implements BatchRunner {
  readonly #database: Database
  readonly #flavour: Flavour
  readonly #patienceMs: number

  constructor(database: Database, flavour: Flavour, patienceMs: number) {
    this.#database = database
    this.#flavour = flavour
    this.#patienceMs = patienceMs
  }

  async run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult> {
    const deadline = performance.now() + this.#patienceMs
    const batch = new Batch(entries, context)
    for (let contentions = 0; ; ) {
      try {
        const landed = batch.uncertain ? await this.#lookUp(batch) : null
        return landed ?? (await this.#attempt(batch))
      } catch (error) {
        // What is there already may be what an earlier attempt wrote: the look-up tells, and may have to wait for its turn.
        const unsaid = isDuplicate(error) || error instanceof FocusError
        const failure = batch.uncertain && unsaid ? 'contention' : classify(error)
        // Nobody may take apart, and send again in parts, what may have landed as a whole.
        if (failure === 'statement' || failure === 'unwritable')
          throw batch.uncertain ? unavailable(error, batch) : error
        if (failure === 'contention') contentions += 1
        if (contentions > maxContentions || performance.now() > deadline) throw unavailable(error, batch)
        await delay(failure === 'contention' ? Math.random() * 10 * contentions : 50 + Math.random() * 100)
      }
    }
  }

  #attempt(batch: Batch): Promise<BatchResult> {
    return this.#database.db.connection().execute(async (connection) => {
      const planned = await this.#write(connection, batch)
      batch.committing(planned)
      try {
        await execute(connection, 'commit')
      } catch (error) {
        // A commit that the database itself refused did not happen; one whose answer got lost may have landed.
        if (classify(error) !== 'connection') batch.refused()
        // SQLite keeps a transaction open whose COMMIT found the file busy.
        await rollBack(connection)
        throw error
      }
      return planned
    })
  }

  async #write(connection: Kysely<FocusTables>, batch: Batch): Promise<BatchResult> {
    const { dialect, readCommitted } = this.#database
    if (dialect === 'mysql' && !readCommitted)
      await execute(connection, 'set transaction isolation level read committed')
    await execute(connection, dialect === 'mysql' ? 'start transaction' : 'begin immediate')
    try {
      const session = new KyselyBatchSession(connection, this.#flavour)
      const planned = await writeBatch(session, batch.entries, batch.context)
      if (dialect === 'mysql') await session.run(batchStatements(this.#flavour).insertCommit, [batch.marker()])
      return planned
    } catch (error) {
      // InnoDB rolls back one statement only when a lock times out.
      await rollBack(connection)
      throw error
    }
  }

  /**
   * A COMMIT whose answer got lost may still be under way. Its transaction holds the marker's row, so that the locking read
   * waits until it is decided.
   */
  async #lookUp(batch: Batch): Promise<BatchResult | null> {
    const { db, dialect } = this.#database
    const query = db.selectFrom('focus_commits').select('attempt').where('id', '=', batch.id)
    const marker = await (dialect === 'mysql' ? query.forUpdate() : query).executeTakeFirst()
    return marker ? batch.planned(marker.attempt) : null
  }
}

/** One batch over all attempts at it. */
class Batch {
  readonly id = randomUUID()
  readonly entries: readonly LogEntry[]
  readonly context: BatchContext
  readonly #planned: BatchResult[] = []

  constructor(entries: readonly LogEntry[], context: BatchContext) {
    this.entries = entries
    this.context = context
  }

  /** Whether an earlier attempt may have been committed. */
  get uncertain(): boolean {
    return this.#planned.length > 0
  }

  marker(): [string, number, number] {
    return [this.id, this.#planned.length, this.context.now]
  }

  committing(planned: BatchResult): void {
    this.#planned.push(planned)
  }

  refused(): void {
    this.#planned.pop()
  }

  planned(attempt: number): BatchResult | null {
    return this.#planned[attempt] ?? null
  }
}

function execute(connection: Kysely<FocusTables>, statement: string): Promise<unknown> {
  return connection.executeQuery(CompiledQuery.raw(statement))
}

/** Never rejects: a dead connection has nothing to roll back, nor has a transaction that is over. */
async function rollBack(connection: Kysely<FocusTables>): Promise<void> {
  await execute(connection, 'rollback').catch(() => undefined)
}

function unavailable(error: unknown, batch: Batch): FocusError {
  const fate = batch.uncertain ? 'may or may not have been written' : 'was not written'
  const why = classify(error) === 'contention' ? 'is held by others' : 'does not answer'
  return new FocusError('storage_unavailable', `The notification ${fate}: the database ${why}${codeIn(error)}.`, {
    hint: 'Check that the database runs and can be reached, then send again.',
    cause: error,
    retryAfterSeconds: 5,
  })
}
