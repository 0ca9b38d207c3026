import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { withTimeout } from '../../../common/async/with-timeout.ts'
import type { Lease } from '../borrowed/lease.ts'
import { lost, type SessionGuard } from './session-guard.ts'

/** A leased connection that is destroyed when a statement is not answered in time. */
export class GuardedConnection implements DatabaseConnection {
  readonly #lease: Lease
  readonly #guard: SessionGuard
  readonly #statementMs: number
  #lost: Error | null = null
  #isDestroyed = false

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
    const overdue = () => (this.#lost = lost(`no answer within ${this.#statementMs} ms; the connection is destroyed`))
    try {
      return await withTimeout(answer, this.#statementMs, overdue)
    } finally {
      if (this.#lost) this.#destroyOnce(answer, sentAt)
      else this.#guard.noteAnswer(connection)
    }
  }

  /** Several statements may be under way. */
  #destroyOnce(answer: Promise<unknown>, sentAt: number): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    void this.#destroy(answer, sentAt)
  }

  /** Releases the connection only when it no longer waits for an answer: another lease must not get it before. */
  async #destroy(answer: Promise<unknown>, sentAt: number): Promise<void> {
    const destroyed = await this.#guard.destroyUnanswered(this.#lease.connection, sentAt)
    if (!destroyed) await answer.catch(() => undefined)
    this.#lease.release()
  }

  /** Yields all rows at once: no result that Focus reads is large. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  /** Does nothing after the connection was destroyed: it is released already. */
  release(): void {
    if (!this.#lost) this.#lease.release()
  }
}
