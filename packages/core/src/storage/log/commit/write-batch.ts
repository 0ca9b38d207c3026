import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import { outboxValues, toOutboxRows } from '../../outbox/outbox-rows.ts'
import { toOutboxNotification } from '../event-rows.ts'
import { encodeMoves } from '../../../cluster/wake-ups/stream-moves-port.ts'
import { lanes } from '../../../cluster/wake-ups/wake-up-store-port.ts'
import type { BatchContext, BatchResult } from './batch-runner.ts'
import { BatchState } from './batch-state.ts'
import { type BatchPlan, planBatch } from './batch-planner.ts'
import type { BatchSession } from '../../dialects/batch/batch-session.ts'
import { correctHeads, lockHeads, rememberHeads } from './heads.ts'
import { readState } from './read-state.ts'
import { sourceIds, waitingTables, writeFor } from './row-statements.ts'
import { type BatchStatements, batchStatements } from './statements.ts'

/**
 * Writes a batch inside an open transaction. It locks the heads first, in one order on all nodes. A lock on a head is a lock
 * on its stream: policies see all earlier entries, offsets follow the order of the commits, and batches cannot deadlock.
 */
export async function writeBatch(
  session: BatchSession,
  entries: readonly LogEntry[],
  { now, maxPerStream, epoch, wakeUp }: BatchContext,
): Promise<BatchResult> {
  const statements = batchStatements(session.flavour)
  const state = new BatchState()
  const locking = lockHeads(session, statements, entries, state, now)
  // A pipelined session runs the reads after the locks, without a round trip between them.
  if (!session.pipelined) await locking
  const [expected] = await Promise.all([locking, readState(session, statements, entries, state)])
  const plan = planBatch(entries, state, now)
  await correctHeads(session, statements, state, expected, now)
  await writePlan(session, statements, plan, now)
  await writeOutbox(session, statements, plan, now, epoch)
  await writePolicies(session, statements, state, now)
  await writeWakeUp(session, statements, plan, wakeUp, now)
  return { outcomes: plan.outcomes, overgrown: rememberHeads(session, state, maxPerStream) }
}

async function writePlan(
  session: BatchSession,
  statements: BatchStatements,
  plan: BatchPlan,
  now: number,
): Promise<void> {
  await writeFor(
    session,
    statements.deleteMoved,
    plan.moved.map(({ owner, offset }) => [owner, offset]),
  )
  await writeFor(
    session,
    statements.insertNotifications,
    plan.inserts.map((row) => [
      row.user_key,
      row.offset,
      row.id,
      row.event,
      row.type,
      row.title,
      row.message,
      row.data,
      row.count,
      row.group_key,
      row.created_at,
      row.expires_at,
    ]),
  )
  const expiring = plan.inserts.filter((row) => row.expires_at !== null)
  await writeFor(
    session,
    statements.insertExpiries,
    expiring.map((row) => [row.expires_at, row.id]),
  )
  await writeFor(
    session,
    statements.insertMerges,
    plan.merges.map(({ id, targetId, offset }) => [id, targetId, offset, now]),
  )
  for (const table of waitingTables) {
    await writeFor(session, statements.deleteWaiting[table], sourceIds(plan.finished, table))
  }
  // After the deletes, because a deferred entry keeps its id.
  await writeFor(
    session,
    statements.insertDeferred,
    plan.deferred.map(({ owner, rateKey, entry }) => [owner, rateKey, entry.id, JSON.stringify(entry)]),
  )
  await writeFor(
    session,
    statements.insertScheduled,
    plan.scheduled.map(({ entry, dueAt }) => [entry.id, dueAt, JSON.stringify(entry)]),
  )
}

async function writeOutbox(
  session: BatchSession,
  statements: BatchStatements,
  { deliveries: planned }: BatchPlan,
  now: number,
  epoch: string,
): Promise<void> {
  const rows = planned.flatMap(({ row, deliveries }) => toOutboxRows(toOutboxNotification(row, epoch), deliveries, now))
  await writeFor(session, statements.insertOutbox, rows.map(outboxValues))
}

async function writePolicies(
  session: BatchSession,
  statements: BatchStatements,
  state: BatchState,
  now: number,
): Promise<void> {
  await writeFor(
    session,
    statements.writeDedupe,
    state.dedupe.changed().map(({ owner, key, value }) => [owner, key, value.expiresAt]),
  )
  await writeFor(
    session,
    statements.writeGroups,
    state.groups.changed().map(({ owner, key, value }) => [owner, key, value.id, value.expiresAt]),
  )
  await writeFor(
    session,
    statements.writeRates,
    state.rates.changed().map(({ owner, key, value }) => [owner, key, JSON.stringify(value.times), value.expiresAt]),
  )
  await writeFor(
    session,
    statements.writeQueues,
    state.queues.changed().map(({ owner, key, value }) => [owner, key, value.dueAt, value.room, now]),
  )
}

/**
 * Lists the streams that the batch moved, for other nodes. One batch of a node runs at a time, and a batch whose COMMIT had no
 * answer is looked up before the next one: rows of a node appear in the order of their numbers, and a reader that continues after
 * the last one misses none. Numbers of batches that failed stay unused. A batch that was given up without an answer, and is
 * committed after the next one, is not read: nodes find its notifications in the log with their next heal.
 */
async function writeWakeUp(
  session: BatchSession,
  statements: BatchStatements,
  { inserts }: BatchPlan,
  wakeUp: BatchContext['wakeUp'],
  now: number,
): Promise<void> {
  if (wakeUp === null || inserts.length === 0) return
  const content = encodeMoves(inserts.map((row) => ({ owner: row.user_key, offset: row.offset })))
  await session.run(statements.insertWakeUp, [[wakeUp.node, lanes.commits, wakeUp.seq, content, now]])
}
