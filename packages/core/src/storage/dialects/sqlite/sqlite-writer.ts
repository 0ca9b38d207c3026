import { availableParallelism } from 'node:os'
import type { Debug } from '../../../common/logging/debug.ts'
import type { Logger } from '../../../common/logging/logger.ts'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { BatchContext, BatchResult, BatchRunner } from '../../log/commit/batch-runner.ts'
import type { WorkClass } from '../../queue/work-class.ts'
import { sizeOf, WorkQueue } from '../../queue/work-queue.ts'
import type { DriverOptions } from '../database-dialect.ts'
import { translatingErrors } from '../storage-error.ts'
import { classifySqliteError } from './classify.ts'
import { fromFailure } from './thread/role.ts'
import { databaseClosed, SqliteThread } from './thread/sqlite-thread.ts'
import { packEntries, unpackResult } from './thread/packed-batch.ts'
import type { GroupUnit, QueryAnswer, UnitAnswer, UnitOutcome } from './thread/thread-requests.ts'

/** How soon an ended thread is replaced when no caller needs it but a listener waits for other processes' commits. */
const restartMs = 1_000

/** Units that share a commit at most: all wait for the last one, for a few milliseconds of work. */
const maxGroup = 256

/**
 * A larger batch changes fewer pages and wakes fewer sockets for each notification. With several cores, smaller ones let the writer work
 * on the next batch while the event loop delivers the last one.
 */
const batchLimits = { entries: availableParallelism() > 1 ? 2_000 : 4_000, length: 4_000_000 }

/** Work that waits for the writer. */
interface Waiting {
  readonly bytes: number
  readonly patient: boolean
  readonly refuse: (error: unknown) => void
}

/** A unit that may share its commit with others. */
interface WaitingUnit extends Waiting {
  readonly unit: GroupUnit
  readonly settle: (outcome: UnitOutcome | undefined) => void
}

/** A caller that wants the writer for itself, until it calls `release`. */
interface WaitingCaller extends Waiting {
  readonly unit: null
  readonly start: (release: () => void) => void
}

/**
 * The main thread's end of the writer thread of one SQLite file. Work waits in a bounded queue; units that wait at the same time
 * share one commit. The next call replaces a thread that has ended.
 */
export class SqliteWriter implements BatchRunner {
  readonly limits = batchLimits
  readonly queue: WorkQueue<WaitingUnit | WaitingCaller>
  readonly #file: string
  readonly #logger: Logger
  readonly #debug: Debug
  readonly #foreignCommits: Array<() => void> = []
  #thread: Promise<SqliteThread> | null = null
  #working: Promise<void> | null = null
  #closed = false

  private constructor(file: string, { logger, debug, queueLimits }: DriverOptions) {
    this.#file = file
    this.#logger = logger
    this.#debug = debug('storage')
    this.queue = new WorkQueue('sqlite_writer', queueLimits, this.#debug)
  }

  /** @throws FocusError `storage_unavailable` when the file cannot be opened or the thread cannot start */
  static async open(file: string, options: DriverOptions): Promise<SqliteWriter> {
    const writer = new SqliteWriter(file, options)
    await writer.thread()
    return writer
  }

  /**
   * Returns the current thread. A transaction must stay with the thread that it began in.
   *
   * @throws FocusError `storage_unavailable` when the thread cannot be replaced, `closed` after `close()`
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

  /** Runs a statement immediately, past the queue and in any open transaction: for checks and pragmas. */
  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    return (await this.thread()).query(sql, parameters)
  }

  /**
   * Runs a statement that is complete in itself.
   *
   * @throws FocusError `overloaded`, before the statement runs
   */
  async write(kind: WorkClass, sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    if (isRowChange(sql)) return this.#add(kind, { kind: 'statement', sql, parameters }, sizeOf(parameters))
    const { release } = await this.exclusive(kind)
    return this.query(sql, parameters).finally(release)
  }

  /**
   * Resolves when no other work writes, and holds the writer until `release` is called: for transactions.
   *
   * @throws FocusError `overloaded`, `closed`
   */
  async exclusive(kind: WorkClass): Promise<{ readonly thread: SqliteThread; readonly release: () => void }> {
    const release = await new Promise<() => void>((start, refuse) => {
      this.#enqueue(kind, { unit: null, bytes: 200, patient: false, start, refuse })
    })
    try {
      return { thread: await this.thread(), release }
    } catch (error) {
      release()
      throw error
    }
  }

  async run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult> {
    // The committer limits the memory and the age of waiting entries.
    const attempt = () => this.#add('delivery', { kind: 'batch', entries: packEntries(entries), context } as const, 0)
    const packed = await translatingErrors(classifySqliteError, () =>
      attempt().catch((error: unknown) => {
        // Another process held the file for the whole busy time-out. Nothing was written; the batch gets one more attempt.
        if (classifySqliteError(error) !== 'contention') throw error
        return attempt()
      }),
    )
    return unpackResult(packed)
  }

  /** Calls back when another process has committed to the file, or may have while no thread was watching. */
  onForeignCommit(listener: () => void): void {
    this.#foreignCommits.push(listener)
    if (this.#foreignCommits.length > 1) return
    this.thread()
      .then((thread) => watch(thread))
      .catch(() => undefined)
  }

  /** Finishes the waiting work, then ends the thread. */
  async close(): Promise<void> {
    if (this.#closed) return
    while (this.#working) await this.#working
    this.#closed = true
    const thread = await this.#thread?.catch(() => null)
    await thread?.close()
  }

  #add<Unit extends GroupUnit>(kind: WorkClass, unit: Unit, bytes: number): Promise<UnitAnswer<Unit>> {
    return new Promise((resolve, refuse) => {
      const settle = (outcome: UnitOutcome | undefined) => {
        if (!outcome) refuse(new TypeError('every unit has an outcome'))
        else if ('failure' in outcome) refuse(fromFailure(outcome.failure))
        else resolve(outcome.answer as UnitAnswer<Unit>)
      }
      this.#enqueue(kind, { unit, bytes, patient: unit.kind === 'batch', settle, refuse })
    })
  }

  #enqueue(kind: WorkClass, work: WaitingUnit | WaitingCaller): void {
    if (this.#closed) throw databaseClosed()
    this.queue.add(kind, work)
    // A batch has gathered its callers already.
    this.#working ??= this.#work(work.unit?.kind !== 'batch')
  }

  async #work(gathers: boolean): Promise<void> {
    // Requests of this turn of the event loop share a commit.
    if (gathers) await new Promise((resolve) => setImmediate(resolve))
    for (;;) {
      const { group, caller } = this.#next()
      if (group.length === 0 && !caller) break
      if (group.length > 0) await this.#commit(group)
      if (caller) await new Promise<void>((release) => caller.start(release))
    }
    this.#working = null
  }

  /** Takes the units that share the next commit, up to a caller that wants the writer for itself. */
  #next(): { readonly group: WaitingUnit[]; readonly caller: WaitingCaller | null } {
    const group: WaitingUnit[] = []
    while (group.length < maxGroup) {
      const next = this.queue.take()
      if (next === null || next.unit === null) return { group, caller: next }
      group.push(next)
    }
    return { group, caller: null }
  }

  async #commit(group: readonly WaitingUnit[]): Promise<void> {
    try {
      const thread = await this.thread()
      const outcomes = await thread.ask({ kind: 'group', units: group.map(({ unit }) => unit) })
      for (const [index, { settle }] of group.entries()) settle(outcomes[index])
    } catch (error) {
      // A value that cannot be copied to the thread must not fail the other units.
      if (group.length > 1 && isNotCopyable(error)) for (const unit of group) await this.#commit([unit])
      else for (const { refuse } of group) refuse(error)
    }
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

/** Statements that change no rows (`vacuum`, `pragma`) may not be allowed in a transaction. */
function isRowChange(sql: string): boolean {
  return /^\s*(insert|update|delete|replace|with)\b/i.test(sql)
}

function isNotCopyable(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'DataCloneError'
}

async function watch(thread: SqliteThread): Promise<void> {
  await thread.ask({ kind: 'watch', intervalMs: 250 })
}
