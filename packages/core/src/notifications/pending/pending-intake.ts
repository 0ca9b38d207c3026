import { FocusError } from '../../common/errors.ts'
import type { Runtime } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import type { NotificationLog, PendingRow, WaitingRow } from '../log-port.ts'
import type { LogEntry } from '../log-entry-port.ts'
import { type PendingRequest, readRequest, toMessage } from './pending-request.ts'
import type { Recipient, Recipients } from '../sending/recipients.ts'
import type { Sender } from '../sending/sender.ts'
import type { SequencerPass } from './sequencer.ts'

const rowsPerPass = 500
/** Attempts at a waiting row, over about nine hours, before it waits for an operator. */
const maxAttempts = 20
const longestRetryMs = 3_600_000

export interface IntakeDeps {
  readonly log: Pick<NotificationLog, 'due' | 'nextDue' | 'park'>
  readonly sender: Sender
  readonly recipients: Recipients
  readonly runtime: Pick<Runtime, 'clock' | 'logger'>
}

/** Appends waiting rows to the streams: pending rows of callers' transactions, and rows that are due. */
export class Intake {
  readonly #deps: IntakeDeps

  constructor(deps: IntakeDeps) {
    this.#deps = deps
  }

  async pass(): Promise<SequencerPass> {
    const { log, runtime } = this.#deps
    const due = await log.nextDue()
    if (due === null || due > runtime.clock()) return { taken: 0, more: false, nextDue: due }
    const rows = await log.due(rowsPerPass)
    const taken = await Promise.allSettled(rows.map((row) => this.#take(row)))
    const failed = taken.find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    const more = rows.length >= rowsPerPass || rows.some(({ source }) => source.table === 'deferred')
    return { taken: taken.length, more, nextDue: await log.nextDue() }
  }

  /** Parks a row that cannot be sent, so that it does not block the others. */
  async #take(row: WaitingRow): Promise<void> {
    try {
      await this.#deps.sender.append(await this.#entry(row))
    } catch (error) {
      // The database is unavailable or overloaded, for all rows alike.
      if (error instanceof FocusError && isTemporary(error)) throw error
      await this.#park(row, error)
    }
  }

  async #park({ source, attempts }: WaitingRow, error: unknown): Promise<void> {
    const { log, runtime } = this.#deps
    const mayPass = !(error instanceof FocusError) || error.status >= 500
    const retry = mayPass && attempts + 1 < maxAttempts
    const retryAt = retry ? runtime.clock() + Math.min(1_000 * 2 ** attempts, longestRetryMs) : null
    const fields = { ...source, attempts: attempts + 1, error }
    if (retry) runtime.logger.warn('A waiting notification could not be sent; it is retried later', fields)
    else runtime.logger.error('A waiting notification cannot be sent and is parked', fields)
    await log.park(source, parkingReason(error), retryAt)
  }

  async #entry({ source, content }: WaitingRow): Promise<LogEntry> {
    if (content === null) {
      throw new FocusError('invalid_notification', `A row of focus_${source.table} holds no notification.`, {
        hint: 'The row is damaged: check which other programs write the table, and the disk.',
      })
    }
    return 'entry' in content ? content.entry : { ...(await this.#requested(content.request)), source }
  }

  async #requested({ id, request: json, createdAt }: PendingRow): Promise<LogEntry> {
    const request = readRequest(json)
    const recipient = request.userKey === null ? null : await this.#deps.recipients.require(request.userKey)
    return { ...this.#compose(recipient, request, id), createdAt }
  }

  /** Depends on the request alone: an error here would repeat with each attempt, so all of them are refusals. */
  #compose(recipient: Recipient | null, request: PendingRequest, id: string): LogEntry {
    const { sender } = this.#deps
    try {
      return sender.entry(sender.draft(recipient, toMessage(request)), recipient?.userKey ?? null, id)
    } catch (error) {
      if (error instanceof FocusError) throw error
      throw new FocusError('invalid_notification', 'A waiting notification cannot be composed.', {
        hint: 'The cause says why; a function of its definition may have thrown it.',
        cause: error,
      })
    }
  }
}

/** Returns whether waiting helps, whatever is sent. A refused statement has no `retryAfterSeconds`. */
function isTemporary(error: FocusError): boolean {
  if (error.code === 'closed' || error.code === 'overloaded') return true
  return error.code === 'storage_unavailable' && error.retryAfterSeconds !== undefined
}

function parkingReason(error: unknown): string {
  const cause = error instanceof FocusError && error.status >= 500 ? error.cause : undefined
  const code = error instanceof FocusError ? `${error.code}: ` : ''
  const texts = [error, cause].flatMap((each) => (each instanceof Error ? [each.message] : []))
  return shorten(`${code}${texts.join(' ')}`, 1_000)
}
