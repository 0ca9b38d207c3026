import type { Transaction } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import { withTimeLimit } from '../dialects/handles.ts'
import { StorageError } from '../dialects/storage-error.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import { runIsolated, type SharedWork } from './run-isolated.ts'

const maxPerTransaction = 50
const maxWaiting = 5_000

interface Call {
  readonly userKey: UserKey
  /** Returns the callback that resolves the call after the commit. */
  readonly change: (trx: Transaction<FocusTables>) => Promise<() => void>
  readonly reject: (error: unknown) => void
}

/**
 * Changes of users' inboxes. Those that arrive during a transaction share the next one: a commit costs the disk the same for
 * fifty changes as for one.
 */
export class GroupedChanges {
  readonly #work: SharedWork<Call, readonly (() => void)[]>
  #waiting: Call[] = []
  #running = false

  constructor(database: Database) {
    this.#work = {
      run: (calls) => inTransaction(database, (trx) => runAll(calls, trx)),
      committed: (_, resolves) => resolves.forEach((resolve) => resolve()),
      failed: ({ reject }, error) => reject(error),
      concernsAll,
    }
  }

  /**
   * @param change runs again, from a state without its writes, after a conflict with other transactions
   * @throws FocusError `overloaded` when too many changes wait, `storage_unavailable`
   */
  async run<T>(userKey: UserKey, change: (trx: Transaction<FocusTables>) => Promise<T>): Promise<T> {
    if (this.#waiting.length >= maxWaiting) {
      throw new FocusError('overloaded', `${this.#waiting.length} changes already wait for the database.`, {
        hint: 'Try again in a moment. If it persists, look for a transaction that stays open.',
        retryAfterSeconds: 5,
      })
    }
    const done = new Promise<T>((resolve, reject) => {
      const changeAndResolve = async (trx: Transaction<FocusTables>) => {
        const result = await change(trx)
        return () => resolve(result)
      }
      this.#waiting.push({ userKey, change: changeAndResolve, reject })
      if (!this.#running) void this.#drain()
    })
    // A change also waits for the transactions before its own.
    return withTimeLimit(done)
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const calls = this.#waiting.splice(0, maxPerTransaction)
      // The order in which the committer locks streams.
      await runIsolated(
        calls.toSorted((a, b) => (a.userKey < b.userKey ? -1 : a.userKey > b.userKey ? 1 : 0)),
        this.#work,
      )
    }
    this.#running = false
  }
}

async function runAll(calls: readonly Call[], trx: Transaction<FocusTables>): Promise<readonly (() => void)[]> {
  const resolves: (() => void)[] = []
  for (const { change } of calls) resolves.push(await change(trx))
  return resolves
}

/** After a conflict with other transactions, a smaller group may still succeed, and after a text of one call, the others. */
function concernsAll(error: unknown): boolean {
  if (error instanceof StorageError) return error.failure !== 'contention'
  return error instanceof FocusError && error.code !== 'invalid_request'
}
