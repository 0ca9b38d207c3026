import { parentPort, workerData } from 'node:worker_threads'
import { writeBatch } from '../log/commit/write-batch.ts'
import { openConnection, type SqliteConnection, StatementCache } from './connection.ts'
import type { QueryAnswer, WriterAnswer, WriterFailure, WriterMessage, WriterRequest } from './messages.ts'
import { SqliteSession } from './sqlite-session.ts'

/**
 * The writer thread of one SQLite file. Waiting for another process's lock and for the disk happens here, so that the
 * event loop of the host never stops for either.
 */
class Writer {
  readonly #connection: SqliteConnection
  readonly #statements: StatementCache
  #watch: NodeJS.Timeout | null = null

  constructor(file: string) {
    this.#connection = openConnection(file)
    this.#statements = new StatementCache(this.#connection)
  }

  async answer(request: WriterRequest): Promise<WriterAnswer> {
    switch (request.kind) {
      case 'query':
        return this.#query(request.sql, request.parameters)
      case 'rollback':
        this.#rollback()
        return null
      case 'batch':
        return this.#batch(request)
      case 'watch':
        this.#startWatching(request.intervalMs)
        return null
      case 'close':
        if (this.#watch) clearInterval(this.#watch)
        this.#connection.close()
        return null
    }
  }

  #query(sql: string, parameters: readonly unknown[]): QueryAnswer {
    const statement = this.#statements.get(sql)
    if (statement.reader) return { rows: statement.all(...parameters), changes: 0, lastInsertRowid: 0 }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], changes, lastInsertRowid: Number(lastInsertRowid) }
  }

  /** No message is taken meanwhile: nothing here waits for anything but this thread. */
  async #batch({ entries, context }: Extract<WriterRequest, { kind: 'batch' }>): Promise<WriterAnswer> {
    this.#statements.get('begin immediate').run()
    try {
      const result = await writeBatch(new SqliteSession(this.#statements), entries, context)
      this.#statements.get('commit').run()
      return result
    } catch (error) {
      this.#rollback()
      throw error
    }
  }

  #rollback(): void {
    if (this.#connection.inTransaction) this.#statements.get('rollback').run()
  }

  /** `data_version` changes when another connection commits; the one in the main thread only reads. */
  #startWatching(intervalMs: number): void {
    const version = () => this.#connection.pragma('data_version', { simple: true })
    let known = version()
    this.#watch ??= setInterval(() => {
      try {
        const current = version()
        if (current === known) return
        known = current
      } catch {
        // Whoever writes next hears what is wrong with the file. Nobody may miss a commit meanwhile: one more look does no harm.
      }
      post({ kind: 'foreign-commit' })
    }, intervalMs)
    this.#watch.unref()
  }
}

function post(message: WriterMessage): void {
  parentPort?.postMessage(message)
}

function describe(error: unknown): WriterFailure {
  if (!(error instanceof Error)) return { message: String(error) }
  return { message: error.message, ...('code' in error ? { code: String(error.code) } : {}) }
}

const writer = new Writer(String((workerData as { file: unknown }).file))
parentPort?.on('message', ({ id, request }: { id: number; request: WriterRequest }) => {
  writer.answer(request).then(
    (answer) => {
      post({ id, answer })
      if (request.kind === 'close') parentPort?.close()
    },
    (error: unknown) => post({ id, failure: describe(error) }),
  )
})
post({ kind: 'ready' })
