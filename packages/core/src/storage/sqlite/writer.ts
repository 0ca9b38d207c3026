import { Worker } from 'node:worker_threads'
import { FocusError } from '../../errors.ts'
import type { BatchRunner } from '../log/commit/batch-runner.ts'
import { classify } from '../log/commit/failures.ts'
import type { BatchContext, BatchResult } from '../log/commit/write-batch.ts'
import type { LogEntry } from '../../notifications/log.ts'
import { Mutex } from './mutex.ts'
import type { QueryAnswer, WriterAnswer, WriterMessage, WriterRequest } from './messages.ts'

interface Waiting {
  readonly resolve: (answer: WriterAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Beside this file in the sources; an entry of its own in what is built. */
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './sqlite-worker.js'

/** The main thread's end of the writer thread of one SQLite file. */
export class SqliteWriter implements BatchRunner {
  /** Held by whoever has a transaction open in the writer. */
  readonly lock = new Mutex()
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #foreignCommits: Array<() => void> = []
  #nextId = 1
  #ended: FocusError | null = null

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** @throws FocusError `storage_unavailable` when the file cannot be opened or the thread cannot start */
  static open(file: string): Promise<SqliteWriter> {
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: { file }, execArgv: [] })
    const writer = new SqliteWriter(worker)
    return new Promise((resolve, reject) => {
      worker.on('message', (message: WriterMessage) => {
        if ('kind' in message && message.kind === 'ready') {
          // From here on only work that is under way keeps the process alive.
          worker.unref()
          resolve(writer)
        } else {
          writer.#receive(message)
        }
      })
      worker.on('error', (error) => {
        reject(error)
        writer.#end(error)
      })
      worker.on('exit', () => writer.#end(new Error('the writer thread has ended')))
    })
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    const answer = await this.#ask({ kind: 'query', sql, parameters })
    if (!answer || !('rows' in answer)) throw new TypeError('a query is answered with rows')
    return answer
  }

  /** Ends the open transaction, if SQLite has not rolled it back by itself: it does when the disk is full. */
  async rollback(): Promise<void> {
    await this.#ask({ kind: 'rollback' })
  }

  async run(entries: readonly LogEntry[], context: BatchContext): Promise<BatchResult> {
    const answer = await this.lock.hold(async () => {
      try {
        return await this.#ask({ kind: 'batch', entries, context })
      } catch (error) {
        // Another process held the file for all of the busy time-out. Nothing was written; it gets one more.
        if (classify(error) !== 'contention') throw error
        return this.#ask({ kind: 'batch', entries, context })
      }
    })
    if (!answer || !('outcomes' in answer)) throw new TypeError('a batch is answered with outcomes')
    return answer
  }

  /** Calls back when another process has committed to the file. */
  onForeignCommit(listener: () => void): void {
    this.#foreignCommits.push(listener)
    if (this.#foreignCommits.length > 1) return
    this.#ask({ kind: 'watch', intervalMs: 250 }).catch(() => undefined)
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    await this.lock.hold(() => this.#ask({ kind: 'close' }))
    this.#worker.ref()
    await exited
  }

  #ask(request: WriterRequest): Promise<WriterAnswer> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, request })
    })
  }

  #receive(message: WriterMessage): void {
    if ('kind' in message) {
      if (message.kind === 'foreign-commit') for (const listener of this.#foreignCommits) listener()
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('answer' in message) waiting?.resolve(message.answer)
    else waiting?.reject(Object.assign(new Error(message.failure.message), message.failure))
  }

  #end(cause: Error): void {
    this.#ended ??= new FocusError('storage_unavailable', `The database's writer thread ended: ${cause.message}`, {
      hint: 'A bundler must leave @focus-api/core out of the bundle (mark it as external), for its thread is a file of its own.',
      cause,
    })
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}
