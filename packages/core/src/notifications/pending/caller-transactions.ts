import { AsyncLocalStorage } from 'node:async_hooks'
import type { Kysely, Transaction } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserId } from '../../common/user-id.ts'
import type { Composer, Message } from '../catalogue/composer.ts'
import type { NotificationLog, PendingRow } from '../log-port.ts'
import type { TransactionNotifications } from '../focus-notifications.ts'
import { toRequest } from './pending-request.ts'
import type { Sender } from '../sending/sender.ts'
import type { Receipt } from '../ports.ts'
import { checkedUserKey } from '../user-keys.ts'

export interface CallerTransactionsDeps {
  readonly log: NotificationLog
  readonly composer: Composer
  readonly sender: Sender
  readonly runtime: Pick<Runtime, 'clock'>
}

/**
 * Notifications inside a transaction of the caller's own. They take no lock, no policy and no offset there: each leaves a
 * row behind, and is sequenced once the transaction has committed.
 */
export class CallerTransactions {
  readonly #deps: CallerTransactionsDeps
  readonly #inside = new AsyncLocalStorage<{ open: boolean }>()

  constructor(deps: CallerTransactionsDeps) {
    this.#deps = deps
  }

  async run<DB, T, Catalogue>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, notifications: TransactionNotifications<Catalogue>) => Promise<T>,
  ): Promise<T> {
    // What the work begins and does not wait for keeps the store when the transaction has long ended.
    const inside = { open: true }
    try {
      return await this.#deps.log.transaction(db, (trx, leave) =>
        this.#inside.run(inside, () => work(trx, this.#leaving(leave))),
      )
    } finally {
      inside.open = false
    }
  }

  /** The insert that another query builder runs in its transaction. */
  insertFor(userId: UserId, message: Message): { readonly sql: string; readonly parameters: readonly unknown[] } {
    return this.#deps.log.pendingInsert(this.#row(checkedUserKey(userId), message))
  }

  /**
   * Keeps calls that would wait for the transaction's own connection from hanging.
   *
   * @throws FocusError `inside_transaction`
   */
  refuseInside(): void {
    if (!this.#inside.getStore()?.open) return
    throw new FocusError('inside_transaction', 'A notification was sent past the transaction that is open here.', {
      hint: 'Use the second argument of the work: transaction(db, async (trx, notifications) => notifications.notifyUser(…)).',
    })
  }

  #leaving<Catalogue>(leave: (row: PendingRow) => Promise<void>): TransactionNotifications<Catalogue> {
    const pend = async (userId: UserId | null, message: Message): Promise<Receipt> => {
      const row = this.#row(userId === null ? null : checkedUserKey(userId), message)
      await leave(row)
      return { outcome: 'pending', id: row.id }
    }
    return {
      notifyUser: ({ userId, ...content }) => pend(userId, { content }),
      broadcast: (content) => pend(null, { content }),
      notify: (name, { userId, ...params }, options = {}) => pend(userId, { name, params, options }),
    }
  }

  /** Composed once for the checks alone: a mistake belongs to the caller, not to the log of a server an instant later. */
  #row(userKey: string | null, message: Message): PendingRow {
    const { sender, composer, runtime } = this.#deps
    const id = sender.newId()
    sender.toEntry(userKey === null ? null : { userKey }, composer.compose(null, message), id)
    return { id, request: JSON.stringify(toRequest(userKey, message)), createdAt: runtime.clock() }
  }
}
