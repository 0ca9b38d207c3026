import type { Logger } from '../common/logging/logger.ts'

export interface Closable {
  close(): Promise<void>
}

/** Has an open part closed together with the others; returns the part. */
export type Own = <Part extends Closable>(part: Part) => Part

/**
 * Opens several parts as one. Its `close` closes them, the newest first, and reports all failures together. When `open`
 * fails, the parts that are open by then are closed before the error is passed on.
 *
 * @example
 * ```ts
 * const storage = await openTogether(logger, async (own) => {
 *   const database = own(await openDatabase('sqlite:app.db'))
 *   const log = own(await openNotificationLog(database, runtime))
 *   return { database, log }
 * })
 * await storage.close() // the log, then the database
 * ```
 */
export async function openTogether<Parts extends object>(
  logger: Logger,
  open: (own: Own) => Parts | Promise<Parts>,
): Promise<Parts & Closable> {
  const owned: Closable[] = []
  try {
    const parts = await open((part) => {
      owned.push(part)
      return part
    })
    let closing: Promise<void> | undefined
    return { ...parts, close: () => (closing ??= closeAll(owned)) }
  } catch (error) {
    await closeAll(owned).catch((failure: unknown) => {
      logger.error('Some parts stayed open after a start that failed', { error: failure })
    })
    throw error
  }
}

async function closeAll(parts: readonly Closable[]): Promise<void> {
  const failures: unknown[] = []
  for (const part of parts.toReversed()) {
    await part.close().catch((error: unknown) => {
      failures.push(...(error instanceof CloseFailure ? error.errors : [error]))
    })
  }
  if (failures.length > 0) throw new CloseFailure(failures, 'Not everything could be closed')
}

/** The failures of one `close`, those of inner parts among them. */
class CloseFailure extends AggregateError {
  override readonly name = 'AggregateError'
}
