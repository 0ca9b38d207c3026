import type { LogEntry, WaitingTable } from '../../../notifications/log-entry-port.ts'
import { wildcard } from '../../../transports/preferences/preferences-port.ts'
import { outboxValues, toOutboxRows } from '../../outbox/outbox-rows.ts'
import { sharedStream, toOutboxNotification, toStreamOwner } from '../event-rows.ts'
import type { BatchContext, BatchResult } from './batch-runner.ts'
import { BatchState, HeadState } from './batch-state.ts'
import { overflowKey, type BatchPlan, planBatch } from './batch-planner.ts'
import type { BatchSession, RowStatement, SqlRow, SqlValue } from '../../dialects/batch/batch-session.ts'
import { type BatchStatements, batchStatements } from './statements.ts'

/**
 * Writes a batch inside an open transaction. It locks the heads first, in one order on all nodes. A lock on a head is a lock
 * on its stream: policies see all earlier entries, offsets follow the order of the commits, and batches cannot deadlock.
 */
export async function writeBatch(
  session: BatchSession,
  entries: readonly LogEntry[],
  { now, maxPerStream, epoch }: BatchContext,
): Promise<BatchResult> {
  const statements = batchStatements(session.flavour)
  const { state, expected } = await lockHeads(session, statements, entries, now)
  await readSources(session, statements, entries, state)
  await readMutes(session, statements, entries, state)
  await readPolicies(session, statements, entries, state)
  const plan = planBatch(entries, state, now)
  await correctHeads(session, statements, state, expected, now)
  await writePlan(session, statements, plan, now)
  await writeOutbox(session, statements, plan, now, epoch)
  await writePolicies(session, statements, state, now)
  const overgrown = [...state.heads()]
    .filter((head) => head.head - head.oldest >= maxPerStream)
    .map((head) => head.owner)
  return { outcomes: plan.outcomes, overgrown }
}

/**
 * Locks the heads and advances them before the plan is known, by one event for each entry that is due. One statement does
 * both, and `correctHeads` has nothing to do unless a policy applies.
 */
async function lockHeads(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  now: number,
): Promise<{ state: BatchState; expected: ReadonlyMap<string, number> }> {
  const expected = new Map<string, number>()
  for (const entry of entries) {
    const owner = toStreamOwner(entry.userKey)
    expected.set(owner, (expected.get(owner) ?? 0) + (isDue(entry, now) ? 1 : 0))
  }
  const owners = [...expected.keys()].sort(compareBytes)
  const rows = await run(
    session,
    statements.advanceHeads,
    owners.map((owner) => {
      const count = expected.get(owner) ?? 0
      return [owner, count, owner === sharedStream ? 0 : count, now]
    }),
  )
  const heads = statements.readHeads
    ? await run(
        session,
        statements.readHeads,
        owners.map((owner) => [owner]),
      )
    : rows
  const state = new BatchState()
  for (const row of heads) {
    const owner = String(row.user_key)
    state.addHead(new HeadState(owner, Number(row.head) - (expected.get(owner) ?? 0), Number(row.oldest)))
  }
  return { state, expected }
}

function isDue({ deliverAt, expiresAt }: LogEntry, now: number): boolean {
  return (deliverAt === null || deliverAt <= now) && (expiresAt === null || expiresAt > now)
}

async function readSources(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  state: BatchState,
): Promise<void> {
  for (const table of waitingTables) {
    const rows = await run(session, statements.lockWaiting[table], sourceIds(entries, table))
    for (const row of rows) state.sources.add(String(row.id))
  }
}

/** Most databases hold no preferences, which one cheap read tells. */
async function readMutes(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  state: BatchState,
): Promise<void> {
  const choices = new KeySet()
  for (const { unlessMuted, userKey, event } of entries) {
    if (!unlessMuted || userKey === null) continue
    choices.add(userKey, wildcard)
    if (event !== null) choices.add(userKey, event)
  }
  const rows = choices.rows()
  if (rows.length === 0 || (await run(session, statements.anyPreference, [['']])).length === 0) return
  const read = await run(session, statements.readMutes, rows)
  for (const [userKey, own] of Map.groupBy(read, (row) => String(row.user_key))) {
    // Without a prototype: topics are free texts, `__proto__` among them.
    const matrix: Record<string, Record<string, boolean>> = Object.create(null)
    for (const { event, enabled } of own) matrix[String(event)] = { [wildcard]: Number(enabled) !== 0 }
    state.mutes.set(userKey, matrix)
  }
}

async function readPolicies(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  state: BatchState,
): Promise<void> {
  const dedupe = new KeySet()
  const groups = new KeySet()
  const rates = new KeySet()
  const queues = new KeySet()
  for (const { userKey, policies } of entries) {
    if (!policies) continue
    const owner = toStreamOwner(userKey)
    if (policies.dedupe) dedupe.add(owner, policies.dedupe.key)
    if (policies.group) groups.add(owner, policies.group.key)
    if (policies.rate) rates.add(owner, policies.rate.key)
    if (policies.rate?.overflow === 'defer') queues.add(owner, policies.rate.key)
    if (policies.rate?.overflow === 'group') groups.add(owner, overflowKey(policies.rate))
  }
  for (const row of await run(session, statements.readDedupe, dedupe.rows())) {
    state.dedupe.load(String(row.user_key), String(row.dedupe_key), { expiresAt: Number(row.expires_at) })
  }
  for (const row of await run(session, statements.readGroups, groups.rows())) {
    const id = String(row.id)
    state.groups.load(String(row.user_key), String(row.group_key), { id, expiresAt: Number(row.expires_at) })
    state.notifications.set(id, {
      id,
      offset: Number(row.offset),
      count: Number(row.count),
      groupKey: row.own_group_key === null ? null : String(row.own_group_key),
      unread: row.read_at === null,
    })
  }
  for (const row of await run(session, statements.readRates, rates.rows())) {
    state.rates.load(String(row.user_key), String(row.rate_key), {
      times: JSON.parse(String(row.times)) as number[],
      expiresAt: Number(row.expires_at),
    })
  }
  for (const row of await run(session, statements.readQueues, queues.rows())) {
    state.queues.load(String(row.user_key), String(row.rate_key), {
      dueAt: Number(row.due_at),
      room: Number(row.room),
      expiresAt: Infinity,
    })
  }
}

/** Moves heads whose plan differs from the expectation of `lockHeads`. */
async function correctHeads(
  session: BatchSession,
  statements: BatchStatements,
  state: BatchState,
  expected: ReadonlyMap<string, number>,
  now: number,
): Promise<void> {
  const corrections: SqlValue[][] = []
  for (const { owner, advancedBy, unreadAdded } of state.heads()) {
    const count = expected.get(owner) ?? 0
    const advance = advancedBy - count
    const unread = unreadAdded - (owner === sharedStream ? 0 : count)
    if (advance !== 0 || unread !== 0) corrections.push([owner, advance, unread, now])
  }
  await run(session, statements.advanceHeads, corrections)
}

async function writePlan(
  session: BatchSession,
  statements: BatchStatements,
  plan: BatchPlan,
  now: number,
): Promise<void> {
  await run(
    session,
    statements.deleteMoved,
    plan.moved.map(({ owner, offset }) => [owner, offset]),
  )
  await run(
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
  await run(
    session,
    statements.insertExpiries,
    expiring.map((row) => [row.expires_at, row.id]),
  )
  await run(
    session,
    statements.insertMerges,
    plan.merges.map(({ id, targetId, offset }) => [id, targetId, offset, now]),
  )
  for (const table of waitingTables) {
    await run(session, statements.deleteWaiting[table], sourceIds(plan.finished, table))
  }
  // After the deletes, because a deferred entry keeps its id.
  await run(
    session,
    statements.insertDeferred,
    plan.deferred.map(({ owner, rateKey, entry }) => [owner, rateKey, entry.id, JSON.stringify(entry)]),
  )
  await run(
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
  await run(session, statements.insertOutbox, rows.map(outboxValues))
}

async function writePolicies(
  session: BatchSession,
  statements: BatchStatements,
  state: BatchState,
  now: number,
): Promise<void> {
  await run(
    session,
    statements.writeDedupe,
    state.dedupe.changed().map(({ owner, key, value }) => [owner, key, value.expiresAt]),
  )
  await run(
    session,
    statements.writeGroups,
    state.groups.changed().map(({ owner, key, value }) => [owner, key, value.id, value.expiresAt]),
  )
  await run(
    session,
    statements.writeRates,
    state.rates.changed().map(({ owner, key, value }) => [owner, key, JSON.stringify(value.times), value.expiresAt]),
  )
  await run(
    session,
    statements.writeQueues,
    state.queues.changed().map(({ owner, key, value }) => [owner, key, value.dueAt, value.room, now]),
  )
}

const waitingTables = ['pending', 'scheduled', 'deferred', 'parked'] as const

function sourceIds(entries: readonly LogEntry[], table: WaitingTable): string[][] {
  return entries.flatMap(({ source }) => (source?.table === table ? [[source.id]] : []))
}

async function run(
  session: BatchSession,
  statement: RowStatement,
  rows: readonly (readonly SqlValue[])[],
): Promise<SqlRow[]> {
  return rows.length === 0 ? [] : session.run(statement, rows)
}

/** Compares in the order of the primary key's collation, in which every committer locks heads. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A set of pairs of owner and key. */
class KeySet {
  readonly #owners = new Map<string, Set<string>>()

  add(owner: string, key: string): void {
    const keys = this.#owners.get(owner)
    if (keys) keys.add(key)
    else this.#owners.set(owner, new Set([key]))
  }

  rows(): string[][] {
    return [...this.#owners].flatMap(([owner, keys]) => [...keys].map((key) => [owner, key]))
  }
}
