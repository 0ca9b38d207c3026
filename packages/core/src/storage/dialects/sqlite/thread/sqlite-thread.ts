import { Worker } from 'node:worker_threads'
import { FocusError } from '../../../../common/errors.ts'
import { fromFailure } from './role.ts'
import type {
  QueryAnswer,
  ThreadAnswer,
  ThreadMessage,
  ThreadOrder,
  ThreadRequest,
  ThreadResult,
  ThreadStart,
} from './thread-requests.ts'

export interface ThreadEvents {
  /** Called when another process has committed to the file, after a `watch` request. */
  readonly foreignCommit?: () => void
  /** Called when the thread has ended, and its open transaction with it. Not called after `close()`. */
  readonly died: (cause: Error) => void
}

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void
  readonly reject: (error: unknown) => void
}

/** A TypeScript file among the sources; an entry of its own in the build. */
const workerFile = import.meta.url.endsWith('.ts') ? '../../../sqlite-worker.ts' : './sqlite-worker.js'

/** The main thread's end of one thread that works on a SQLite file. */
export class SqliteThread {
  readonly #role: ThreadStart['role']
  readonly #worker: Worker
  readonly #events: ThreadEvents
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #ended: FocusError | null = null

  private constructor(role: ThreadStart['role'], worker: Worker, events: ThreadEvents) {
    this.#role = role
    this.#worker = worker
    this.#events = events
  }

  /** @throws FocusError `storage_unavailable` when the thread cannot start or the file cannot be opened */
  static start(start: ThreadStart, events: ThreadEvents): Promise<SqliteThread> {
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: start, execArgv: [] })
    const thread = new SqliteThread(start.role, worker, events)
    return new Promise((resolve, reject) => {
      let started = false
      worker.on('message', (message: ThreadMessage) => {
        if (message.kind !== 'ready') return thread.#receive(message)
        started = true
        // From now on only pending requests keep the process alive.
        worker.unref()
        resolve(thread)
      })
      const end = (cause: Error) => (started ? thread.#die(cause) : reject(cannotStart(start.role, cause)))
      worker.on('error', end)
      worker.on('exit', (code) => end(new Error(`it ended with code ${code}`)))
    })
  }

  /** Whether the thread has ended or was closed. */
  get ended(): boolean {
    return this.#ended !== null
  }

  async ask<R extends ThreadRequest>(request: R): Promise<ThreadAnswer<R>> {
    const [answer] = this.askAll([request])
    if (!answer) throw new TypeError('every request has an answer')
    return answer
  }

  /** Sends requests in one message. They run in their order, and each answer arrives as soon as it is known. */
  askAll<R extends ThreadRequest>(requests: readonly R[]): Promise<ThreadAnswer<R>>[] {
    const ended = this.#ended
    if (ended) return requests.map(() => Promise.reject(ended))
    const order = requests.map((request) => ({ id: this.#nextId++, request }))
    try {
      this.#worker.postMessage(order satisfies ThreadOrder)
    } catch (error) {
      // A value that cannot be copied to a thread must not fail the other requests of its message.
      if (requests.length > 1) return requests.flatMap((request) => this.askAll([request]))
      return [Promise.reject(error)]
    }
    if (this.#waiting.size === 0) this.#worker.ref()
    return order.map(
      ({ id }) =>
        new Promise((resolve, reject) => {
          this.#waiting.set(id, { resolve: (answer) => resolve(answer as ThreadAnswer<R>), reject })
        }),
    )
  }

  /** For the writer: runs a statement in the open transaction, or by itself. */
  query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    return this.ask({ kind: 'statement', sql, parameters })
  }

  /**
   * Ends the open transaction, if there is one: SQLite rolls back by itself when the disk is full, and a transaction ends with
   * its thread.
   */
  async rollback(): Promise<void> {
    if (!this.#ended) await this.ask({ kind: 'rollback' })
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve))
    const closed = this.ask({ kind: 'close' })
    this.#ended = databaseClosed()
    await closed
    this.#worker.ref()
    await exited
  }

  #receive(message: ThreadMessage): void {
    if (message.kind === 'foreign-commit') this.#events.foreignCommit?.()
    if (message.kind === 'results') for (const result of message.results) this.#settle(result)
  }

  #settle(result: ThreadResult): void {
    const waiting = this.#waiting.get(result.id)
    this.#waiting.delete(result.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('answer' in result) waiting?.resolve(result.answer)
    else waiting?.reject(fromFailure(result.failure))
  }

  #die(cause: Error): void {
    const first = this.#ended === null
    this.#ended ??= this.#role === 'writer' ? writerEnded(cause) : readerEnded(cause)
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
    if (first) this.#events.died(cause)
  }
}

export function databaseClosed(): FocusError {
  return new FocusError('closed', 'The database is closed.')
}

function writerEnded(cause: Error): FocusError {
  return new FocusError(
    'storage_unavailable',
    `The database's writer thread ended (${cause.message}); pending changes may or may not have been written.`,
    { hint: 'The next call starts another thread. Look up pending notifications before you send them again.', cause },
  )
}

function readerEnded(cause: Error): FocusError {
  return new FocusError('storage_unavailable', `The database's reader thread ended (${cause.message}).`, {
    hint: 'Try again: the next read starts another thread.',
    retryAfterSeconds: 5,
    cause,
  })
}

function cannotStart(role: ThreadStart['role'], cause: Error): FocusError {
  return new FocusError('storage_unavailable', `The database's ${role} thread cannot start: ${cause.message}`, {
    hint: 'A bundler must leave @focus-api/core out of the bundle (mark it as external), because its thread is a file of its own.',
    retryAfterSeconds: 5,
    cause,
  })
}
