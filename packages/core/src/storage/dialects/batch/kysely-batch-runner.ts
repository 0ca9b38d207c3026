import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CompiledQuery, type Kysely } from 'kysely'
import { FocusError } from '../../../common/errors.ts'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { BatchContext, BatchLimits, BatchResult, BatchRunner, WriteBatch } from '../../log/commit/batch-runner.ts'
import type { FocusTables } from '../../tables.ts'
import type { Flavour } from '../servers/server.ts'
import { type Execute, KyselyBatchSession } from './kysely-batch-session.ts'
import { codeIn, driverErrorOf, DuplicateKeyError, StorageError } from '../storage-error.ts'

/** Characters of text: below MySQL's smallest `max_allowed_packet` of 4 MB, however many need escapes. */
const limits = { entries: 1_000, length: 500_000 } as const

/** How often a batch is tried again after losing to other transactions. */
const maxContentions = 20

interface Options {
  /** Without a time limit: the runner has its own. */
  readonly db: Kysely<FocusTables>
  readonly flavour: Flavour
  /** The statements that begin a transaction. */
  readonly begin: readonly string[]
  readonly write: WriteBatch
  /** Whether a connection takes statements before earlier ones are answered, and answers them in order. */
  readonly pipelined?: boolean
  /** How large a batch may be; absent for a database that may limit the length of a statement. */
  readonly limits?: BatchLimits | undefined
  /** How long a batch is tried again while the database is away or locked. */
  readonly patienceMs: number
}

/**
 * Commits batches over Kysely, on servers and on SQLite databases that the application opened itself. A batch that lost its
 * connection during COMMIT is looked up by its id before it is tried again: the id's primary key lets it be committed once.
 */
export class KyselyBatchRunner implements BatchRunner {
  readonly limits: BatchLimits
  readonly #options: Options

  constructor(options: Options) {
    this.limits = options.limits ?? limits
    this.#options = options
  }

  async run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult> {
    const deadline = performance.now() + this.#options.patienceMs
    const batch = new Batch(entries, context)
    for (let contentions = 0; ; ) {
      try {
        const committed = batch.uncertain ? await this.#lookUp(batch) : null
        return committed ?? (await this.#attempt(batch))
      } catch (error) {
        const reason = retryReason(error, batch)
        // A batch that may have been committed as a whole must not be split and sent again in parts.
        if (reason === null) throw batch.uncertain ? unavailable(error, batch) : error
        if (reason === 'contention') contentions += 1
        if (contentions > maxContentions || performance.now() > deadline) throw unavailable(error, batch)
        await delay(reason === 'contention' ? Math.random() * 10 * contentions : 50 + Math.random() * 100)
      }
    }
  }

  #attempt(batch: Batch): Promise<BatchResult> {
    const { db, pipelined = false } = this.#options
    if (!pipelined)
      return db.connection().execute((connection) => this.#commit((query) => connection.executeQuery(query), batch))
    // Past Kysely's own handle, which runs one statement at a time.
    return db
      .getExecutor()
      .provideConnection((connection) => this.#commit((query) => connection.executeQuery(query), batch))
  }

  async #commit(execute: Execute, batch: Batch): Promise<BatchResult> {
    const { begin, flavour, write, db, pipelined = false } = this.#options
    const session = new KyselyBatchSession(execute, flavour, pipelined)
    let committing = false
    try {
      for (const statement of begin) await session.send(() => execute(CompiledQuery.raw(statement)))
      const planned = await write(session, batch.entries, batch.context)
      if (flavour !== 'sqlite') {
        const marker = db.insertInto('focus_commits').values(batch.marker()).compile()
        await session.send(() => execute(marker))
      }
      batch.committing(planned)
      committing = true
      await session.send(() => commit(execute))
      await session.answered()
      return planned
    } catch (error) {
      // The first statement that failed is the reason for the others.
      const reason = await session.answered().then(
        () => error,
        (first: unknown) => first,
      )
      // A commit that the database refused did not happen; one whose answer got lost may have.
      if (committing && !isFailure(reason, 'connection')) batch.refused()
      // InnoDB rolls back only the statement when a lock times out; SQLite keeps a transaction whose COMMIT found the file busy.
      await rollBack(execute)
      throw reason
    }
  }

  /**
   * A COMMIT whose answer got lost may still be under way. On MySQL its transaction holds the marker's row, so that the locking
   * read waits until it is decided. On PostgreSQL the read finds nothing until then, and the next attempt waits for the locks
   * of the earlier one, or at the latest for the key of its own marker.
   */
  async #lookUp(batch: Batch): Promise<BatchResult | null> {
    const { db, flavour } = this.#options
    const query = db.selectFrom('focus_commits').select('attempt').where('id', '=', batch.id)
    const marker = await (flavour === 'sqlite' ? query : query.forUpdate()).executeTakeFirst()
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

  /** Row of `focus_commits`. */
  marker() {
    return { id: this.id, attempt: this.#planned.length, committed_at: this.context.now }
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

/** PostgreSQL answers the COMMIT of a transaction with a failed statement by rolling it back. */
async function commit(execute: Execute): Promise<void> {
  const { rows } = await execute(CompiledQuery.raw('commit') as CompiledQuery<{ command?: string }>)
  if (rows[0]?.command === 'ROLLBACK') throw new Error('the transaction was rolled back instead of committed')
}

/** Never rejects: a lost connection and a transaction that has ended have nothing to roll back. */
async function rollBack(execute: Execute): Promise<void> {
  await execute(CompiledQuery.raw('rollback')).catch(() => undefined)
}

/** Returns why the batch can be tried again; null when it cannot. */
function retryReason(error: unknown, batch: Batch): 'contention' | 'connection' | null {
  if (error instanceof StorageError) return error.failure === 'unwritable' ? null : error.failure
  // The key may be taken by an earlier attempt, which the look-up finds; a look-up that was refused waits for its turn.
  const lookUpDecides = error instanceof DuplicateKeyError || error instanceof FocusError
  return batch.uncertain && lookUpDecides ? 'contention' : null
}

function isFailure(error: unknown, failure: StorageError['failure']): boolean {
  return error instanceof StorageError && error.failure === failure
}

function unavailable(error: unknown, batch: Batch): FocusError {
  const cause = driverErrorOf(error)
  const fate = batch.uncertain ? 'may or may not have been written' : 'was not written'
  const why = isFailure(error, 'contention') ? 'is locked by other transactions' : 'does not answer'
  return new FocusError('storage_unavailable', `The notification ${fate}: the database ${why}${codeIn(cause)}.`, {
    hint: 'Check that the database runs and can be reached, then send again.',
    cause,
    retryAfterSeconds: 5,
  })
}
