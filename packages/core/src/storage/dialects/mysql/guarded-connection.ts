import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { Lease } from '../lease.ts'
import { lost, type SessionGuard } from './session-guard.ts'

/** A leased connection whose statements have to be answered in time; the first that is not ends it. */
export class GuardedConnection implements DatabaseConnection {
  readonly #lease: Lease
  readonly #guard: SessionGuard
  readonly #statementMs: number
  #lost: Error | null = null

  constructor(lease: Lease, guard: SessionGuard, statementMs: number) {
    this.#lease = lease
    this.#guard = guard
    this.#statementMs = statementMs
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#lost) throw this.#lost
    const { connection } = this.#lease
    const sentAt = performance.now()
    const answer = connection.executeQuery<R>(query)
    if (this.#statementMs === Infinity) return answer
    const overdue = () => (this.#lost = lost(`no answer within ${this.#statementMs} ms; the connection was given up`))
    try {
      return await withTimeout(answer, this.#statementMs, overdue)
    } finally {
      if (this.#lost) void this.#giveUp(answer, sentAt)
      else this.#guard.noteAnswer(connection)
    }
  }

  /** Nobody else may get a connection that still waits for an answer. */
  async #giveUp(answer: Promise<unknown>, sentAt: number): Promise<void> {
    const destroyed = await this.#guard.giveUp(this.#lease.connection, sentAt)
    if (!destroyed) await answer.catch(() => undefined)
    this.#lease.release()
  }

  /** All rows at once: nothing that Focus reads is so large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  /** One that was given up goes back by itself. */
  release(): void {
    if (!this.#lost) this.#lease.release()
  }
}
