import { errorFields } from '../error-fields.ts'
import { FocusError } from '../errors.ts'
import type { Logger } from '../runtime.ts'
import type { Composer } from './composer.ts'
import type { EntrySource, LogEntry, NotificationLog, PendingRow } from './log.ts'
import { type PendingRequest, readRequest, toMessage } from './pending.ts'
import type { Recipient, Recipients } from './recipients.ts'
import type { Sender } from './sender.ts'
import type { SequencerPass } from './sequencer.ts'

const waitingAtOnce = 500

export interface IntakeDeps {
  readonly log: NotificationLog
  readonly sender: Sender
  readonly composer: Composer
  readonly recipients: Recipients
  readonly logger: Logger
}

/** Takes into the streams what waits in tables: what callers' transactions left, and what is due. */
export class Intake {
  readonly #deps: IntakeDeps

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  async pass(): Promise<SequencerPass> {
    const pending = await this.#deps.log.pending(waitingAtOnce)
    const due = await this.#deps.log.due(waitingAtOnce)
    const taken = await Promise.allSettled([
      ...pending.map((row) => this.#take({ table: 'pending', id: row.id }, () => this.#pendingEntry(row))),
      ...due.map(({ id, entry }) => this.#take({ table: 'scheduled', id }, async () => entry ?? unreadable())),
    ])
    const failed = taken.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    const more = pending.length === waitingAtOnce || due.length === waitingAtOnce
    return { taken: taken.length, more, nextDue: await this.#deps.log.nextDue() }
  }

  /** What can never be sent must not stand in the way of what follows it. */
  async #take(source: EntrySource, entry: () => Promise<LogEntry>): Promise<void> {
    try {
      await this.#deps.sender.append(await entry())
    } catch (error) {
      if (!(error instanceof FocusError) || error.status >= 500) throw error
      this.#deps.logger.error('A notification that waited cannot be sent and is given up', {
        ...source,
        error: errorFields(error),
      })
      await this.#deps.log.discard(source)
    }
  }

  async #pendingEntry(row: PendingRow): Promise<LogEntry> {
    const request = readRequest(row.request)
    const recipient = request.userKey === null ? null : await this.#deps.recipients.require(request.userKey)
    const entry = this.#compose(recipient, request, row.id)
    return { ...entry, createdAt: row.createdAt, source: { table: 'pending', id: row.id } }
  }

  /** Reads nothing but the request: what fails here would fail again every time, whatever it is. */
  #compose(recipient: Recipient | null, request: PendingRequest, id: string): LogEntry {
    const { composer, sender } = this.#deps
    try {
      return sender.toEntry(recipient, composer.compose(recipient, toMessage(request)), id)
    } catch (error) {
      if (error instanceof FocusError) throw error
      throw new FocusError('invalid_notification', 'A notification that waited cannot be composed.', {
        hint: 'The cause says why; a function of its definition may have thrown it.',
        cause: error,
      })
    }
  }
}

function unreadable(): never {
  throw new FocusError('invalid_notification', 'What waited in focus_scheduled is no notification.', {
    hint: 'The row is damaged: look at who else writes the table, and at the disk.',
  })
}
