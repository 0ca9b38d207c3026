import { FocusError } from '../../../common/errors.ts'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { Logger } from '../../../common/logging/logger.ts'
import { classify } from '../failures.ts'
import type { BatchRunner } from '../../log/commit/batch-runner.ts'
import type { BatchContext, BatchResult } from '../../log/commit/write-batch.ts'
import { sizeOf, type QueueLimits, WorkQueue } from '../../queue/work-queue.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import type { GroupUnit, QueryAnswer, UnitAnswer } from './thread/thread-requests.ts'
import { databaseClosed, SqliteThread } from './thread/sqlite-thread.ts'

/** How long a dead thread is left alone when nobody calls but somebody listens for other processes' commits. */
const restartMs = 1_000

/** Units that share a commit at most: all wait for the last one, for a few milliseconds of work. */
const maxGroup = 256

/** What waits for the writer: a unit that may share its commit, or a caller who wants the writer alone. */
interface Pending {
  readonly bytes: number
  readonly patient: boolean
  readonly unit: GroupUnit | null
  readonly start: (outcome: Promise<UnitAnswer | null>, release: () => void) => void
  readonly refuse: (error: FocusError) => void
}

/**
 * The main thread's end of the writer thread of one SQLite file. Work waits in a bounded queue; what waits at the same time and is
 * whole in itself shares one commit. A thread that died is replaced by the next call.
 */
export class SqliteWriter implements BatchRunner {
  readonly queue: WorkQueue<Pending>
  readonly #file: string
  readonly #logger: Logger
  readonly #foreignCommits: Array<() => void> = []
  #thread: Promise<SqliteThread> | null = null
  #working: Promise<void> | null = null
  #closed = false

  private constructor(file: string, logger: Logger, limits?: QueueLimits) {
    this.#file = file
    this.#logger = logger
    this.queue = new WorkQueue('sqlite_writer', limits)
  }

  /** @throws FocusError `storage_unavailable` when the file cannot be opened or the thread cannot start */
  static async open(file: string, logger: Logger, limits?: QueueLimits): Promise<SqliteWriter> {
    const writer = new SqliteWriter(file, logger, limits)
    await writer.thread()
    return writer
  }

  /**
   * The thread as it is now. A transaction stays with the one that it began in: in another it would not be one.
   *
   * @throws FocusError `storage_unavailable` when it cannot be started again, `closed` after `close()`
   */
  thread(): Promise<SqliteThread> {
    if (this.#closed) return Promise.reject(databaseClosed())
    if (this.#thread) return this.#thread
    const thread = this.#start().catch((error: unknown) => {
      if (this.#thread === thread) this.#thread = null
      throw error
    })
    this.#thread = thread
    return thread
  }

  /** Runs a statement at once, past the queue and in whatever transaction is open: for checks and pragmas. */
  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    return (await this.thread()).query(sql, parameters)
  }

  /**
   * Runs a statement that stands for itself.
   *
   * @throws FocusError `overloaded`, before it is run
   */
  async write(kind: WorkClass, sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    // What is no change of rows (`vacuum`, `pragma`) may not be allowed in a transaction.
    if (!/^\s*(insert|update|delete|replace|with)\b/i.test(sql)) {
      const { release } = await this.alone(kind)
      return this.query(sql, parameters).finally(release)
    }
    const answer = await this.#add(kind, { kind: 'statement', sql, parameters }, sizeOf(parameters))
    if (!('rows' in answer)) throw new TypeError('a query is answered with rows')
    return answer
  }

  /**
   * Resolves when nobody else writes, until `release` is called: for transactions.
   *
   * @throws FocusError `overloaded`, `closed`
   */
  async alone(kind: WorkClass): Promise<{ readonly thread: SqliteThread; readonly release: () => void }> {
    const release = await new Promise<() => void>((resolve, reject) => {
      this.#enqueue(kind, {
        bytes: 200,
        patient: false,
        unit: null,
        start: (_, release) => resolve(release),
        refuse: reject,
      })
    })
    try {
      return { thread: await this.thread(), release }
    } catch (error) {
      release()
      throw error
    }
  }

  async run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult> {
    const batch: GroupUnit = { kind: 'batch', entries, context }
    // The committer bounds the memory of what waits, and how long.
    const attempt = () => this.#add('delivery', batch, 0)
    const answer = await attempt().catch((error: unknown) => {
      // Another process held the file for all of the busy time-out. Nothing was written; it gets one more.
      if (error instanceof FocusError || classify(error) !== 'contention') throw error
      return attempt()
    })
    if (!('outcomes' in answer)) throw new TypeError('a batch is answered with outcomes')
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

  /** Does what waits, then ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return
    while (this.#working) await this.#working
    this.#closed = true
    const thread = await this.#thread?.catch(() => null)
    await thread?.close()
  }

  #add(kind: WorkClass, unit: GroupUnit, bytes: number): Promise<UnitAnswer> {
    return new Promise((resolve, reject) => {
      const start = (outcome: Promise<UnitAnswer | null>) =>
        void outcome.then((answer) => {
          if (answer) resolve(answer)
        }, reject)
      this.#enqueue(kind, { bytes, patient: unit.kind === 'batch', unit, start, refuse: reject })
    })
  }

  #enqueue(kind: WorkClass, pending: Pending): void {
    if (this.#closed) throw databaseClosed()
    this.queue.add(kind, pending)
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    // What is asked for in this turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve))
    for (;;) {
      const { group, alone } = this.#next()
      if (group.length === 0 && !alone) break
      if (group.length > 0) await this.#commit(group)
      if (alone) await this.#giveAlone(alone)
    }
    this.#working = null
  }

  /** What may share the next commit, up to whoever wants the writer alone. */
  #next(): { readonly group: Pending[]; readonly alone: Pending | null } {
    const group: Pending[] = []
    while (group.length < maxGroup) {
      const next = this.queue.take()
      if (!next?.unit) return { group, alone: next }
      group.push(next)
    }
    return { group, alone: null }
  }

  async #commit(group: readonly Pending[]): Promise<void> {
    const units = group.flatMap(({ unit }) => (unit ? [unit] : []))
    const outcomes = this.thread()
      .then((thread) => thread.ask({ kind: 'group', units }))
      .then((answer) => {
        if (!Array.isArray(answer)) throw new TypeError('a group is answered with outcomes')
        return answer
      })
    for (const [index, { start }] of group.entries()) {
      const outcome = outcomes.then((all): UnitAnswer => {
        const own = all[index]
        if ('answer' in own) return own.answer
        throw Object.assign(new Error(own.failure.message), own.failure)
      })
      start(outcome, () => undefined)
    }
    await outcomes.catch(() => undefined)
  }

  #giveAlone({ start }: Pending): Promise<void> {
    return new Promise((release) => start(Promise.resolve(null), release))
  }

  async #start(): Promise<SqliteThread> {
    const thread = await SqliteThread.start(
      { file: this.#file, role: 'writer' },
      { foreignCommit: () => this.#tellForeignCommit(), died: (cause) => this.#died(cause) },
    )
    if (this.#foreignCommits.length > 0) {
      await watch(thread)
      this.#tellForeignCommit()
    }
    return thread
  }

  #died(cause: Error): void {
    this.#thread = null
    this.#logger.error("The database's writer thread ended; another one takes its place", { error: cause })
    if (this.#foreignCommits.length === 0) return
    setTimeout(() => void this.#restart(), restartMs).unref()
  }

  async #restart(): Promise<void> {
    if (this.#closed) return
    try {
      await this.thread()
    } catch (error) {
      this.#logger.error("The database's writer thread cannot be replaced", { error })
    }
  }

  #tellForeignCommit(): void {
    for (const listener of this.#foreignCommits) listener()
  }
}

async function watch(thread: SqliteThread): Promise<void> {
  await thread.ask({ kind: 'watch', intervalMs: 250 })
}
