import { AsyncLocalStorage } from 'node:async_hooks'
import type { Kysely, Transaction } from 'kysely'
import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import type { UserId, UserKey } from '../../common/user-id.ts'
import type { Message } from '../catalogue/composer.ts'
import type { NotificationLog, PendingRow } from '../log-port.ts'
import type { TransactionNotifications } from '../focus-notifications.ts'
import { toRequest } from './pending-request.ts'
import type { NotificationIds } from '../sending/notification-ids.ts'
import type { Sender } from '../sending/sender.ts'
import type { Receipt } from '../ports.ts'
import { checkedUserKey } from '../user-keys.ts'

export interface CallerTransactionsDeps {
  readonly log: Pick<NotificationLog, 'pendingInsert' | 'transaction'>
  readonly sender: Sender
  readonly ids: NotificationIds
  readonly clock: Clock
}

/**
 * Sends notifications inside a caller's own transaction. They take no lock, no policy and no offset there: each stores a
 * pending row, which is sequenced after the commit.
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
    // Work that was not awaited keeps this store after the end of the transaction.
    const inside = { open: true }
    try {
      return await this.#deps.log.transaction(db, (trx, leave) =>
        this.#inside.run(inside, () => work(trx, this.#leaving(leave))),
      )
    } finally {
      inside.open = false
    }
  }

  /** Returns the insert of a pending row, for a transaction of another query builder. */
  insertFor(userId: UserId, message: Message): { readonly sql: string; readonly parameters: readonly unknown[] } {
    return this.#deps.log.pendingInsert(this.#row(checkedUserKey(userId), message))
  }

  /**
   * Refuses calls that would wait for the connection that the open transaction holds, and hang.
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

  /** Checks the message as if it were sent now, so that a mistake fails this call instead of being logged later. */
  #row(userKey: UserKey | null, message: Message): PendingRow {
    const { sender, ids, clock } = this.#deps
    const id = ids.next()
    sender.entry(sender.draft(null, message), userKey, id)
    return { id, request: JSON.stringify(toRequest(userKey, message)), createdAt: clock() }
  }
}
