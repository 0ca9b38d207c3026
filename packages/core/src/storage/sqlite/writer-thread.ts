import { Worker } from 'node:worker_threads'
import { FocusError } from '../../errors.ts'
import type { QueryAnswer, WriterAnswer, WriterMessage, WriterRequest } from './messages.ts'

export interface WriterThreadEvents {
  /** Another process has committed to the file; heard once `watch` was asked for. */
  readonly foreignCommit: () => void
  /** The thread is gone, with the transaction that was open in it. Not called when it was closed. */
  readonly died: (cause: Error) => void
}

interface Waiting {
  readonly resolve: (answer: WriterAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Beside this file in the sources; an entry of its own in what is built. */
const workerFile = import.meta.url.endsWith('.ts') ? './worker.ts' : './sqlite-worker.js'

/** One thread that writes to a SQLite file, from its start to its end. */
export class WriterThread {
  readonly #worker: Worker
  readonly #events: WriterThreadEvents
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #ended: FocusError | null = null

  private constructor(worker: Worker, events: WriterThreadEvents) {
    this.#worker = worker
    this.#events = events
  }

  /** @throws FocusError `storage_unavailable` when the thread cannot start or the file cannot be opened */
  static start(file: string, events: WriterThreadEvents): Promise<WriterThread> {
    const worker = new Worker(new URL(workerFile, import.meta.url), { workerData: { file }, execArgv: [] })
    const thread = new WriterThread(worker, events)
    return new Promise((resolve, reject) => {
      let started = false
      worker.on('message', (message: WriterMessage) => {
        if (!('kind' in message) || message.kind !== 'ready') return thread.#receive(message)
        started = true
        // From here on only work that is under way keeps the process alive.
        worker.unref()
        resolve(thread)
      })
      const end = (cause: Error) => (started ? thread.#die(cause) : reject(cannotStart(cause)))
      worker.on('error', end)
      worker.on('exit', (code) => end(new Error(`it ended with code ${code}`)))
    })
  }

  ask(request: WriterRequest): Promise<WriterAnswer> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      if (this.#waiting.size === 0) this.#worker.ref()
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, request })
    })
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<QueryAnswer> {
    const answer = await this.ask({ kind: 'query', sql, parameters })
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
    this.#ended = new FocusError('closed', 'The database is closed.')
    await closed
    this.#worker.ref()
    await exited
  }

  #receive(message: WriterMessage): void {
    if ('kind' in message) {
      if (message.kind === 'foreign-commit') this.#events.foreignCommit()
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('answer' in message) waiting?.resolve(message.answer)
    else waiting?.reject(Object.assign(new Error(message.failure.message), message.failure))
  }

  #die(cause: Error): void {
    const first = this.#ended === null
    this.#ended ??= new FocusError(
      'storage_unavailable',
      `The database's writer thread ended (${cause.message}); what was under way may or may not have been written.`,
      { hint: 'The next call starts another thread. Look up what was sent before you send it again.', cause },
    )
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
    if (first) this.#events.died(cause)
  }
}

function cannotStart(cause: Error): FocusError {
  return new FocusError('storage_unavailable', `The database's writer thread cannot start: ${cause.message}`, {
    hint: 'A bundler must leave @focus-api/core out of the bundle (mark it as external), for its thread is a file of its own.',
    retryAfterSeconds: 5,
    cause,
  })
}
