import { errorFields } from '../../error-fields.ts'
import { FocusError } from '../../errors.ts'
import type { LogEntry } from '../../notifications/log.ts'
import type { Logger } from '../../runtime.ts'
import type { BatchRunner } from '../log/commit/batch-runner.ts'
import { classify } from '../failures.ts'
import type { BatchContext, BatchResult } from '../log/commit/write-batch.ts'
import type { QueryAnswer } from './messages.ts'
import { Mutex } from './mutex.ts'
import { WriterThread } from './writer-thread.ts'

/** How long a dead thread is left alone when nobody calls but somebody listens for other processes' commits. */
const restartMs = 1_000

/** The main thread's end of the writer thread of one SQLite file. A thread that died is replaced by the next call. */
export class SqliteWriter implements BatchRunner {
  /** Held by whoever has a transaction open in the writer. */
  readonly lock = new Mutex()
  readonly #file: string
  readonly #logger: Logger
  readonly #foreignCommits: Array<() => void> = []
  #thread: Promise<WriterThread> | null = null
  #closed = false

  private constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
  }

  /** @throws FocusError `storage_unavailable` when the file cannot be opened or the thread cannot start */
  static async open(file: string, logger: Logger): Promise<SqliteWriter> {
    const writer = new SqliteWriter(file, logger)
    await writer.thread()
    return writer
  }

  /**
   * The thread as it is now. A transaction stays with the one that it began in: in another it would not be one.
   *
   * @throws FocusError `storage_unavailable` when it cannot be started again, `closed` after `close()`
   */
  thread(): Promise<WriterThread> {
    if (this.#closed) return Promise.reject(new FocusError('closed', 'The database is closed.'))
    if (this.#thread) return this.#thread
    const thread = this.#start().catch((error: unknown) => {
      if (this.#thread === thread) this.#thread = null
      throw error
    })
    this.#thread = thread
    return thread
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    return (await this.thread()).query(sql, parameters)
  }

  async run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult> {
    const answer = await this.lock.hold(async () => {
      const thread = await this.thread()
      try {
        return await thread.ask({ kind: 'batch', entries, context })
      } catch (error) {
        // Another process held the file for all of the busy time-out. Nothing was written; it gets one more.
        if (classify(error) !== 'contention') throw error
        return thread.ask({ kind: 'batch', entries, context })
      }
    })
    if (!answer || !('outcomes' in answer)) throw new TypeError('a batch is answered with outcomes')
    return answer
  }

  /** Calls back when another process has committed to the file, or may have while no thread was there to notice. */
  onForeignCommit(listener: () => void): void {
    this.#foreignCommits.push(listener)
    if (this.#foreignCommits.length > 1) return
    this.thread()
      .then((thread) => watch(thread))
      .catch(() => undefined)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.lock.hold(async () => {
      this.#closed = true
      const thread = await this.#thread?.catch(() => null)
      await thread?.close()
    })
  }

  async #start(): Promise<WriterThread> {
    const thread = await WriterThread.start(this.#file, {
      foreignCommit: () => this.#tellForeignCommit(),
      died: (cause) => this.#died(cause),
    })
    if (this.#foreignCommits.length > 0) {
      await watch(thread)
      this.#tellForeignCommit()
    }
    return thread
  }

  #died(cause: Error): void {
    this.#thread = null
    this.#logger.error("The database's writer thread ended; another one takes its place", { error: errorFields(cause) })
    if (this.#foreignCommits.length === 0) return
    setTimeout(() => void this.#restart(), restartMs).unref()
  }

  async #restart(): Promise<void> {
    if (this.#closed) return
    try {
      await this.thread()
    } catch (error) {
      this.#logger.error("The database's writer thread cannot be replaced", { error: errorFields(error) })
    }
  }

  #tellForeignCommit(): void {
    for (const listener of this.#foreignCommits) listener()
  }
}

async function watch(thread: WriterThread): Promise<void> {
  await thread.ask({ kind: 'watch', intervalMs: 250 })
}
