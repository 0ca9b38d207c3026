import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { BatchSession, KnownHeads, SqlValue } from '../../dialects/batch/batch-session.ts'
import { sharedStream, toStreamOwner } from '../event-rows.ts'
import { type BatchState, HeadState } from './batch-state.ts'
import { runFor, writeFor } from './row-statements.ts'
import type { BatchStatements } from './statements.ts'

/** Number of events by which each head was advanced before the plan was known, by owner. */
type Advances = ReadonlyMap<string, number>

/**
 * Locks the heads, adds them to the state, and advances them before the plan is known, by one event for each entry that is due.
 * One statement does both, and `correctHeads` has nothing to do unless a policy applies.
 */
export async function lockHeads(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  state: BatchState,
  now: number,
): Promise<Advances> {
  const expected = new Map<string, number>()
  for (const entry of entries) {
    const owner = toStreamOwner(entry.userKey)
    expected.set(owner, (expected.get(owner) ?? 0) + (isDue(entry, now) ? 1 : 0))
  }
  const { knownHeads } = session
  const unknown = knownHeads ? advanceKnown(knownHeads, expected, state) : [...expected.keys()]
  await advanceUnknown(session, statements, expected, unknown.sort(compareBytes), state, now)
  return expected
}

/** Moves heads whose plan differs from the expectation of `lockHeads`. */
export async function correctHeads(
  session: BatchSession,
  statements: BatchStatements,
  state: BatchState,
  expected: Advances,
  now: number,
): Promise<void> {
  const corrections: SqlValue[][] = []
  for (const { owner, advancedBy, unreadAdded } of state.heads()) {
    const count = expected.get(owner) ?? 0
    const advance = advancedBy - count
    const unread = unreadAdded - unreadOf(owner, count)
    if (advance !== 0 || unread !== 0) corrections.push([owner, advance, unread, now])
  }
  await writeFor(session, statements.advanceHeads, corrections)
}

/**
 * Remembers the heads for the next batch, and returns the owners of streams that may hold more rows than `maxPerStream`: their
 * heads are read again, because pruning moves `oldest`.
 */
export function rememberHeads({ knownHeads }: BatchSession, state: BatchState, maxPerStream: number): string[] {
  const overgrown: string[] = []
  for (const { owner, head, oldest } of state.heads()) {
    if (head - oldest >= maxPerStream) overgrown.push(owner)
    else knownHeads?.remember(owner, { head, oldest })
  }
  return overgrown
}

function isDue({ deliverAt, expiresAt }: LogEntry, now: number): boolean {
  return (deliverAt === null || deliverAt <= now) && (expiresAt === null || expiresAt > now)
}

/** Advances the heads that the session knows. Returns the owners of the others. */
function advanceKnown(knownHeads: KnownHeads, expected: Advances, state: BatchState): string[] {
  const unknown: string[] = []
  for (const [owner, count] of expected) {
    const before = knownHeads.advance(owner, count, unreadOf(owner, count))
    if (before) state.addHead(new HeadState(owner, before.head, before.oldest))
    else unknown.push(owner)
  }
  return unknown
}

/** @param owners in the order in which every committer locks heads */
async function advanceUnknown(
  session: BatchSession,
  statements: BatchStatements,
  expected: Advances,
  owners: readonly string[],
  state: BatchState,
  now: number,
): Promise<void> {
  const rows = await runFor(
    session,
    statements.advanceHeads,
    owners.map((owner) => {
      const count = expected.get(owner) ?? 0
      return [owner, count, unreadOf(owner, count), now]
    }),
  )
  const read = statements.readHeads
  const heads = read
    ? await runFor(
        session,
        read,
        owners.map((owner) => [owner]),
      )
    : rows
  for (const row of heads) {
    const owner = String(row.user_key)
    state.addHead(new HeadState(owner, Number(row.head) - (expected.get(owner) ?? 0), Number(row.oldest)))
  }
}

/** Broadcasts are counted for each user apart. */
function unreadOf(owner: string, count: number): number {
  return owner === sharedStream ? 0 : count
}

/** Compares in the order of the primary key's collation, in which every committer locks heads. */
function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
