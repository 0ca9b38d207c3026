import type { Clock } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Composer, Message } from '../catalogue/composer.ts'
import type { AppendOutcome, LogEntry } from '../log-entry-port.ts'
import type { NotificationLog } from '../log-port.ts'
import type { Receipt } from '../ports.ts'
import type { DeliveryPlan, NotificationRouter } from '../routing-port.ts'
import { addressDraft, type Draft, draftOf } from './draft.ts'
import type { NotificationIds } from './notification-ids.ts'
import type { Recipient } from './recipients.ts'

export interface SenderDeps {
  readonly composer: Composer
  readonly ids: NotificationIds
  readonly log: NotificationLog
  /** Null without transports. */
  readonly router: NotificationRouter | null
  readonly clock: Clock
  /** Called with the time when a scheduled or deferred notification is due, in milliseconds since 1970. */
  readonly scheduled: (dueAt: number) => void
}

/** Takes one notification from its message to its receipt: compose, check, route, commit. */
export class Sender {
  readonly #deps: SenderDeps

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /**
   * Composes and checks a message in the recipient's language.
   *
   * @throws FocusError `invalid_notification`, `data_too_large`
   */
  draft(recipient: Pick<Recipient, 'locale'> | null, message: Message): Draft {
    return draftOf(this.#deps.composer.compose(recipient, message))
  }

  /**
   * Makes the entry of a draft for one user, or for all users when null.
   *
   * @throws FocusError `invalid_notification` for a notification that has expired
   */
  entry(draft: Draft, userKey: UserKey | null, id: string = this.#deps.ids.next()): LogEntry {
    return addressDraft(draft, { id, userKey, now: this.#deps.clock() })
  }

  /**
   * Routes an entry and commits it. Entries for a later moment are routed then: preferences may have changed. Throws, or returns a
   * promise that rejects.
   */
  append(entry: LogEntry): Promise<Receipt> {
    const { router } = this.#deps
    if (router === null || entry.deliverAt !== null) return this.#commit(entry)
    const plan = router.route({ userKey: entry.userKey, event: entry.event, ...entry.routing })
    return plan instanceof Promise ? plan.then((later) => this.#routed(entry, later)) : this.#routed(entry, plan)
  }

  #routed(entry: LogEntry, plan: DeliveryPlan): Promise<Receipt> {
    return plan === 'suppressed' ? this.#suppress(entry) : this.#commit({ ...entry, ...plan })
  }

  async #suppress({ source }: LogEntry): Promise<Receipt> {
    if (source) await this.#deps.log.discard(source)
    return { outcome: 'suppressed', reason: 'preference' }
  }

  #commit(entry: LogEntry): Promise<Receipt> {
    const { log, scheduled } = this.#deps
    return log.append(entry).then((outcome) => {
      if ('dueAt' in outcome) scheduled(outcome.dueAt)
      return toReceipt(entry.id, outcome)
    })
  }
}

function toReceipt(id: string, outcome: AppendOutcome): Receipt {
  switch (outcome.outcome) {
    case 'created':
    case 'merged':
    case 'suppressed':
      return outcome
    case 'scheduled':
    case 'deferred':
      return { outcome: outcome.outcome, id }
    case 'gone':
      return { outcome: 'suppressed', reason: 'expired' }
  }
}
