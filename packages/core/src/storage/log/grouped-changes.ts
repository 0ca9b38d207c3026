import type { Transaction } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import { withTimeLimit } from '../dialects/handles.ts'
import { StorageError } from '../dialects/storage-error.ts'
import type { FocusTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'

const maxInOneTransaction = 50
const maxWaiting = 5_000

interface Call {
  readonly userKey: UserKey
  /** Answers what is to be done once it is committed. */
  readonly change: (trx: Transaction<FocusTables>) => Promise<() => void>
  readonly reject: (error: unknown) => void
}

/**
 * Changes of users' inboxes, those that arrive while a transaction runs together in the next: a commit costs the disk the same
 * for one as for fifty.
 */
export class GroupedChanges {
  readonly #database: Database
  #waiting: Call[] = []
  #running = false

  constructor(database: Database) {
    this.#database = database
  }

  /**
   * @param change is run again, from a state without its writes, when the transaction lost to others
   * @throws FocusError `storage_unavailable` when too many wait already
   */
  async run<T>(userKey: UserKey, change: (trx: Transaction<FocusTables>) => Promise<T>): Promise<T> {
    if (this.#waiting.length >= maxWaiting) {
      throw new FocusError('storage_unavailable', `${this.#waiting.length} changes wait for the database already.`, {
        hint: 'Try again in a moment; look for who holds the database if it stays.',
        retryAfterSeconds: 5,
      })
    }
    const done = new Promise<T>((resolve, reject) => {
      const committed = async (trx: Transaction<FocusTables>) => {
        const result = await change(trx)
        return () => resolve(result)
      }
      this.#waiting.push({ userKey, change: committed, reject })
      if (!this.#running) void this.#drain()
    })
    // A change also waits for the transactions before its own.
    return withTimeLimit(done)
  }

  async #drain(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      // In the order in which committers lock streams.
      const calls = this.#waiting.splice(0, maxInOneTransaction)
      await this.#commit(calls.toSorted((a, b) => (a.userKey < b.userKey ? -1 : a.userKey > b.userKey ? 1 : 0)))
    }
    this.#running = false
  }

  async #commit(calls: readonly Call[]): Promise<void> {
    try {
      const committed = await inTransaction(this.#database, async (trx) => {
        const done: (() => void)[] = []
        for (const { change } of calls) done.push(await change(trx))
        return done
      })
      for (const resolve of committed) resolve()
    } catch (error) {
      if (calls.length === 1 || concernsAll(error)) {
        for (const { reject } of calls) reject(error)
        return
      }
      // One of them may be at fault: nobody else is to hear of it.
      for (const call of calls) await this.#commit([call])
    }
  }
}

/** No change is at fault: each by itself would wait as long for the same answer. */
function concernsAll(error: unknown): boolean {
  if (error instanceof StorageError) return error.failure !== 'contention'
  return error instanceof FocusError
}
