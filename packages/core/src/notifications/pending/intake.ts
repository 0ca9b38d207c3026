import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import type { Composer } from '../catalogue/composer.ts'
import type { NotificationLog, PendingRow, WaitingRow } from '../log-port.ts'
import type { LogEntry } from '../log-entry-port.ts'
import { type PendingRequest, readRequest, toMessage } from './pending-request.ts'
import type { Recipient, Recipients } from '../sending/recipients.ts'
import type { Sender } from '../sending/sender.ts'
import type { SequencerPass } from './sequencer.ts'

const waitingAtOnce = 500
/** Attempts at a waiting row, over about nine hours, before it waits for an operator. */
const maxAttempts = 20
const longestRetryMs = 3_600_000

export interface IntakeDeps {
  readonly log: NotificationLog
  readonly sender: Sender
  readonly composer: Composer
  readonly recipients: Recipients
  readonly runtime: Pick<Runtime, 'clock' | 'logger'>
}

/** Takes into the streams what waits in tables: what callers' transactions left, and what is due. */
export class Intake {
  readonly #deps: IntakeDeps

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  async pass(): Promise<SequencerPass> {
    const { log, runtime } = this.#deps
    const due = await log.nextDue()
    if (due === null || due > runtime.clock()) return { taken: 0, more: false, nextDue: due }
    const rows = await log.due(waitingAtOnce)
    const taken = await Promise.allSettled(rows.map((row) => this.#take(row)))
    const failed = taken.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    const more = rows.length >= waitingAtOnce || rows.some(({ source }) => source.table === 'deferred')
    return { taken: taken.length, more, nextDue: await log.nextDue() }
  }

  /** One row that cannot be sent must not stand in the way of the others. */
  async #take(row: WaitingRow): Promise<void> {
    try {
      await this.#deps.sender.append(await this.#entry(row))
    } catch (error) {
      // The database is away or has too much to do, for all rows alike.
      if (error instanceof FocusError && passesByItself(error)) throw error
      await this.#park(row, error)
    }
  }

  async #park({ source, attempts }: WaitingRow, error: unknown): Promise<void> {
    const { log, runtime } = this.#deps
    const mayPass = !(error instanceof FocusError) || error.status >= 500
    const retry = mayPass && attempts + 1 < maxAttempts
    const retryAt = retry ? runtime.clock() + Math.min(1_000 * 2 ** attempts, longestRetryMs) : null
    const fields = { ...source, attempts: attempts + 1, error }
    if (retry) runtime.logger.warn('A notification that waited could not be sent; it is tried again later', fields)
    else runtime.logger.error('A notification that waited cannot be sent and is parked', fields)
    await log.park(source, parkingReason(error), retryAt)
  }

  async #entry({ source, content }: WaitingRow): Promise<LogEntry> {
    if (content === null) {
      throw new FocusError('invalid_notification', `What waited in focus_${source.table} is no notification.`, {
        hint: 'The row is damaged: look at who else writes the table, and at the disk.',
      })
    }
    return 'entry' in content ? content.entry : { ...(await this.#requested(content.request)), source }
  }

  async #requested(row: PendingRow): Promise<LogEntry> {
    const request = readRequest(row.request)
    const recipient = request.userKey === null ? null : await this.#deps.recipients.require(request.userKey)
    return { ...this.#compose(recipient, request, row.id), createdAt: row.createdAt }
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

/** Whether waiting helps, whatever is sent. The database refuses a statement without saying when to come back. */
function passesByItself(error: FocusError): boolean {
  if (error.code === 'closed' || error.code === 'overloaded') return true
  return error.code === 'storage_unavailable' && error.retryAfterSeconds !== undefined
}

function parkingReason(error: unknown): string {
  const cause = error instanceof FocusError && error.status >= 500 ? error.cause : undefined
  const code = error instanceof FocusError ? `${error.code}: ` : ''
  const texts = [error, cause].flatMap((each) => (each instanceof Error ? [each.message] : []))
  return shorten(`${code}${texts.join(' ')}`, 1_000)
}
