import { v7 as uuidv7 } from 'uuid'
import type { Runtime } from '../../common/runtime.ts'
import type { IcuParams } from '../catalogue/icu.ts'
import { toLogEntry } from './content.ts'
import type { NotificationLog } from '../log-port.ts'
import type { AppendOutcome, LogEntry } from '../log-entry-port.ts'
import type { NotificationRouter } from '../routing-port.ts'
import type { Recipient } from './recipients.ts'
import type { NotificationContent, Receipt } from '../ports.ts'

/** Content with what its texts were made from. */
export interface Outgoing {
  readonly content: NotificationContent
  readonly locale: string
  readonly params?: IcuParams
}

export interface SenderDeps {
  readonly runtime: Runtime
  readonly log: NotificationLog
  readonly router: NotificationRouter | null
  /** Told when something will be due. */
  readonly scheduled: (dueAt: number) => void
}

/** The way of one notification: checked, planned, committed. */
export class Sender {
  readonly #deps: SenderDeps
  #spare: Uint8Array = new Uint8Array()

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  newId(): string {
    return uuidv7({ msecs: this.#deps.runtime.clock(), random: this.#entropy() })
  }

  /** Null sends to everybody. @throws FocusError `invalid_notification`, `data_too_large` */
  toEntry(recipient: Pick<Recipient, 'userKey'> | null, outgoing: Outgoing, id: string): LogEntry {
    const now = this.#deps.runtime.clock()
    const { content, locale, params = {} } = outgoing
    return toLogEntry(content, { id, userKey: recipient?.userKey ?? null, now, locale, params })
  }

  /**
   * Finds the mistakes that are mistakes at any time: an answer is repeated also after what it was about has expired.
   *
   * @throws FocusError `invalid_notification`, `data_too_large`
   */
  check({ content, locale, params = {} }: Outgoing): void {
    toLogEntry(content, { id: '', userKey: null, now: 0, locale, params })
  }

  async append(entry: LogEntry): Promise<Receipt> {
    const { log, scheduled } = this.#deps
    const planned = await this.#plan(entry)
    if (planned === 'suppressed') {
      if (entry.source) await log.discard(entry.source)
      return { outcome: 'suppressed', reason: 'preference' }
    }
    const outcome = await log.append(planned)
    if ('dueAt' in outcome) scheduled(outcome.dueAt)
    return toReceipt(entry.id, outcome)
  }

  /** 16 bytes for an id. Asking the system for many at once costs a tenth of asking each time. */
  #entropy(): Uint8Array {
    if (this.#spare.length < 16) this.#spare = this.#deps.runtime.random(4_096)
    const bytes = this.#spare.subarray(0, 16)
    this.#spare = this.#spare.subarray(16)
    return bytes
  }

  /** What waits is planned when its time has come: preferences may have changed by then. */
  async #plan(entry: LogEntry): Promise<LogEntry | 'suppressed'> {
    const { router } = this.#deps
    if (!router || entry.deliverAt !== null) return entry
    const deliveries = await router.route({ userKey: entry.userKey, event: entry.event, ...entry.routing })
    return deliveries === 'suppressed' ? deliveries : { ...entry, deliveries }
  }
}

function toReceipt(id: string, outcome: AppendOutcome): Receipt {
  switch (outcome.outcome) {
    case 'created':
    case 'merged':
      return { outcome: outcome.outcome, id: outcome.id, offset: outcome.offset }
    case 'suppressed':
      return outcome
    case 'scheduled':
    case 'deferred':
      return { outcome: outcome.outcome, id }
    case 'gone':
      return { outcome: 'suppressed', reason: 'expired' }
  }
}
