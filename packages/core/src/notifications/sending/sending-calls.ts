import type { UserId } from '../../common/user-id.ts'
import type { Message } from '../catalogue/composer.ts'
import type { LogEntry } from '../log-entry-port.ts'
import type { NotificationLog } from '../log-port.ts'
import type { NotifyManyOptions, UserIds } from '../focus-notifications.ts'
import type { CallerTransactions } from '../pending/caller-transactions.ts'
import { storeContent } from '../pending/pending-request.ts'
import { type Idempotency, isRefusal, type RepeatableIds } from '../policies/idempotency.ts'
import type { Receipt, Summary } from '../ports.ts'
import { sendToAudience } from './audience.ts'
import type { Draft } from './draft.ts'
import type { Recipient, Recipients } from './recipients.ts'
import type { Sender } from './sender.ts'

export interface SendingCallsDeps {
  readonly sender: Sender
  readonly recipients: Recipients
  readonly transactions: CallerTransactions
  readonly idempotency: Idempotency
  readonly log: Pick<NotificationLog, 'find'>
}

/** Sends one message to one recipient. `ids` makes the call repeatable. */
export type SendTo = (recipient: Recipient | null, ids?: RepeatableIds) => Promise<Receipt>

/** Sends a message to one user, to all users or to an audience. */
export class SendingCalls {
  readonly #deps: SendingCallsDeps

  constructor(deps: SendingCallsDeps) {
    this.#deps = deps
  }

  /** Throws, or returns a promise that rejects. */
  toUser(userId: UserId, message: Message, idempotencyKey: string | undefined): Promise<Receipt> {
    const { recipients, transactions } = this.#deps
    // Checked before the directory is read: inside a transaction the pool may have no connection left.
    transactions.refuseInside()
    const send = (recipient: Recipient) => this.#toRecipient(recipient, userId, message, idempotencyKey)
    // Most recipients are cached: a call that waits for nothing but its commit takes half the promises.
    const known = recipients.known(userId)
    return known ? send(known) : recipients.require(userId).then(send)
  }

  async toEveryone(message: Message, idempotencyKey: string | undefined): Promise<Receipt> {
    const { sender, transactions } = this.#deps
    transactions.refuseInside()
    return idempotencyKey === undefined
      ? this.#commit(sender.draft(null, message), null)
      : this.#sendOnce(idempotencyKey, {}, null, message)
  }

  toMany(userIds: UserIds, message: Message, options: NotifyManyOptions): Promise<Summary> {
    const sendTo = this.prepare(message)
    const send = async (userId: UserId) => {
      const recipient = await this.#deps.recipients.find(userId)
      return recipient ? sendTo(recipient) : null
    }
    return sendToAudience(userIds, send, options)
  }

  /** Returns a function that sends the message; it checks a caller's own content once for each language. */
  prepare(message: Message): SendTo {
    const draftFor = this.#drafts(message)
    return async (recipient, ids) => {
      this.#deps.transactions.refuseInside()
      if (ids) return this.#sendRepeatable(recipient, () => draftFor(recipient), ids)
      return this.#commit(draftFor(recipient), recipient)
    }
  }

  #toRecipient(recipient: Recipient, userId: UserId, message: Message, idempotencyKey: string | undefined) {
    return idempotencyKey === undefined
      ? this.#commit(this.#deps.sender.draft(recipient, message), recipient)
      : this.#sendOnce(idempotencyKey, { userId }, recipient, message)
  }

  #commit(draft: Draft, recipient: Recipient | null): Promise<Receipt> {
    const { sender } = this.#deps
    return sender.append(sender.entry(draft, recipient?.userKey ?? null))
  }

  /** @param address how the caller named the recipient: a repetition must name and say the same */
  async #sendOnce(
    idempotencyKey: string,
    address: { readonly userId?: UserId },
    recipient: Recipient | null,
    message: Message,
  ): Promise<Receipt> {
    // Only content without a mistake can be compared.
    const draft = this.#deps.sender.draft(recipient, message)
    const request = { ...address, ...requestOf(message) }
    return this.#deps.idempotency.run(idempotencyKey, request, (ids) =>
      this.#sendRepeatable(recipient, () => draft, ids),
    )
  }

  async #sendRepeatable(recipient: Recipient | null, draft: () => Draft, ids: RepeatableIds): Promise<Receipt> {
    const { sender, log } = this.#deps
    const userKey = recipient?.userKey ?? null
    const id = ids.idFor(userKey ?? '')
    // An earlier attempt may have committed this notification before it failed.
    const committed = ids.resumed ? await log.find(id) : null
    if (committed) return committed
    return this.#appendRepeatable({ ...sender.entry(draft(), userKey, id), repeatable: true }, ids)
  }

  async #appendRepeatable(entry: LogEntry, ids: RepeatableIds): Promise<Receipt> {
    try {
      const receipt = await this.#deps.sender.append(entry)
      ids.keep()
      return receipt
    } catch (error) {
      if (!isRefusal(error)) ids.keep()
      throw error
    }
  }

  /** Catalogue messages are rendered for each recipient: functions of a definition may return another value each time. */
  #drafts(message: Message): (recipient: Recipient | null) => Draft {
    const { sender } = this.#deps
    if ('name' in message) return (recipient) => sender.draft(recipient, message)
    const byLocale = new Map<string | null, Draft>()
    return (recipient) => {
      const locale = recipient?.locale ?? null
      const draft = byLocale.get(locale) ?? sender.draft(recipient, message)
      byLocale.set(locale, draft)
      return draft
    }
  }
}

/** Returns the part of an idempotent request that the message makes up, as JSON holds it. */
function requestOf(message: Message): object {
  if ('content' in message) return { content: storeContent(message.content) }
  return { name: message.name, params: message.params, overrides: message.options ?? {} }
}
