import type { UserId } from '../../common/user-id.ts'
import type { NotifyManyOptions, UserIds } from '../focus-notifications.ts'
import type { Receipt, Summary } from '../ports.ts'

/** Fills a batch of the log, and is small enough to stop soon. */
const chunkSize = 1_000
/** Two chunks are prepared during the commit of the others. */
const maxChunksInFlight = 4

/**
 * Sends to each id of an audience of any size. Ids are read only as fast as their notifications are committed, so that
 * neither the list nor the queue of the log holds more than a few thousand.
 *
 * @param send returns null for an unknown id
 */
export async function sendToAudience(
  userIds: UserIds,
  send: (userId: UserId) => Promise<Receipt | null>,
  { onProgress, signal }: NotifyManyOptions,
): Promise<Summary> {
  const summary = { total: 0, created: 0, merged: 0, suppressed: 0, later: 0, unknown: 0 }
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  const start = (chunk: readonly UserId[]) => {
    // A chunk may fail while the next id is awaited, so its failure is kept until the next check.
    const done = sendChunk(chunk, send, summary)
      .then(() => onProgress?.({ ...summary }))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(done))
    running.add(done)
    return running.size < maxChunksInFlight ? undefined : Promise.race(running)
  }
  const throwIfStopped = () => {
    signal?.throwIfAborted()
    if (failures.length > 0) throw failures[0]
  }
  try {
    let chunk: UserId[] = []
    for await (const userId of userIds) {
      throwIfStopped()
      chunk.push(userId)
      if (chunk.length < chunkSize) continue
      await start(chunk)
      throwIfStopped()
      chunk = []
    }
    throwIfStopped()
    if (chunk.length > 0) await start(chunk)
    await Promise.all(running)
    throwIfStopped()
    return summary
  } finally {
    await Promise.all(running)
  }
}

async function sendChunk(
  userIds: readonly UserId[],
  send: (userId: UserId) => Promise<Receipt | null>,
  summary: { -readonly [K in keyof Summary]: number },
): Promise<void> {
  const results = await Promise.allSettled(userIds.map(send))
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason
    summary.total += 1
    summary[kindOf(result.value)] += 1
  }
}

function kindOf(receipt: Receipt | null): Exclude<keyof Summary, 'total'> {
  if (!receipt) return 'unknown'
  const { outcome } = receipt
  return outcome === 'created' || outcome === 'merged' || outcome === 'suppressed' ? outcome : 'later'
}
