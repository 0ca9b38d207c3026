import { Worker } from 'node:worker_threads'
import { FocusError } from '../../../../common/errors.ts'
import type {
  QueryAnswer,
  ThreadAnswer,
  ThreadMessage,
  ThreadRequest,
  ThreadResult,
  ThreadStart,
} from './thread-requests.ts'

export interface ThreadEvents {
  /** Another process has committed to the file; heard once `watch` was asked for. */
  readonly foreignCommit?: () => void
  /** The thread is gone, with the transaction that was open in it. Not called when it was closed. */
  readonly died: (cause: Error) => void
}

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Among the sources a TypeScript file; an entry of its own in what is built. */
const workerFile = import.meta.url.endsWith('.ts') ? '../../../sqlite-worker.ts' : './sqlite-worker.js'

/** One thread that works on a SQLite file, from its start to its end. */
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
        // From here on only work that is under way keeps the process alive.
        worker.unref()
        resolve(thread)
      })
      const end = (cause: Error) => (started ? thread.#die(cause) : reject(cannotStart(start.role, cause)))
      worker.on('error', end)
      worker.on('exit', (code) => end(new Error(`it ended with code ${code}`)))
    })
  }

  /** Whether it is gone, by itself or closed. */
  get ended(): boolean {
    return this.#ended !== null
  }

  async ask(request: ThreadRequest): Promise<ThreadAnswer> {
    const [answer = null] = await Promise.all(this.askAll([request]))
    return answer
  }

  /** Sends the requests in one message; they are run in their order, and each is answered as soon as it is done. */
  askAll(requests: readonly ThreadRequest[]): Promise<ThreadAnswer>[] {
    const ended = this.#ended
    if (ended) return requests.map(() => Promise.reject(ended))
    if (this.#waiting.size === 0) this.#worker.ref()
    const order = requests.map((request) => ({ id: this.#nextId++, request }))
    const answers = order.map(
      ({ id }) =>
        new Promise<ThreadAnswer>((resolve, reject) => {
          this.#waiting.set(id, { resolve, reject })
        }),
    )
    this.#worker.postMessage(order)
    return answers
  }

  /** For the writer: runs a statement in the open transaction, or by itself. */
  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    const answer = await this.ask({ kind: 'statement', sql, parameters })
    if (!answer || !('rows' in answer)) throw new TypeError('a query is answered with rows')
    return answer
  }

  /**
   * Ends the open transaction, unless it is over: SQLite rolls back by itself when the disk is full, and a thread takes its
   * transaction with it.
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
    else waiting?.reject(Object.assign(new Error(result.failure.message), result.failure))
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
    `The database's writer thread ended (${cause.message}); what was under way may or may not have been written.`,
    { hint: 'The next call starts another thread. Look up what was sent before you send it again.', cause },
  )
}

function readerEnded(cause: Error): FocusError {
  return new FocusError('storage_unavailable', `The database's reader thread ended (${cause.message}).`, {
    hint: 'The next read starts another thread: try again.',
    retryAfterSeconds: 5,
    cause,
  })
}

function cannotStart(role: ThreadStart['role'], cause: Error): FocusError {
  return new FocusError('storage_unavailable', `The database's ${role} thread cannot start: ${cause.message}`, {
    hint: 'A bundler must leave @focus-api/core out of the bundle (mark it as external), for its thread is a file of its own.',
    retryAfterSeconds: 5,
    cause,
  })
}
