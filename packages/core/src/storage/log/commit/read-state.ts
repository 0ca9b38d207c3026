import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import { wildcard } from '../../../transports/preferences/preferences-port.ts'
import type { BatchSession } from '../../dialects/batch/batch-session.ts'
import { toStreamOwner } from '../event-rows.ts'
import { overflowKey } from './batch-planner.ts'
import type { BatchState } from './batch-state.ts'
import { runFor, sourceIds, waitingTables } from './row-statements.ts'
import type { BatchStatements } from './statements.ts'

/** Reads the rows that decide about the entries of a batch, and locks their waiting rows. The heads are locked before. */
export async function readState(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  state: BatchState,
): Promise<void> {
  await readSources(session, statements, entries, state)
  await readMutes(session, statements, entries, state)
  await readPolicies(session, statements, entries, state)
}

async function readSources(
  session: BatchSession,
  statements: BatchStatements,
  entries: readonly LogEntry[],
  state: BatchState,
): Promise<void> {
  const waiting = entries.filter((entry) => entry.source !== null)
  if (waiting.length === 0) return
  for (const table of waitingTables) {
    const rows = await runFor(session, statements.lockWaiting[table], sourceIds(waiting, table))
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
  const isAsked = ({ unlessMuted, userKey }: LogEntry) => unlessMuted === true && userKey !== null
  if (!entries.some(isAsked) || (await runFor(session, statements.anyPreference, [['']])).length === 0) return
  const choices = new KeySet()
  for (const { unlessMuted, userKey, event } of entries) {
    if (!unlessMuted || userKey === null) continue
    choices.add(userKey, wildcard)
    if (event !== null) choices.add(userKey, event)
  }
  const read = await runFor(session, statements.readMutes, choices.rows())
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
  for (const row of await runFor(session, statements.readDedupe, dedupe.rows())) {
    state.dedupe.load(String(row.user_key), String(row.dedupe_key), { expiresAt: Number(row.expires_at) })
  }
  for (const row of await runFor(session, statements.readGroups, groups.rows())) {
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
  for (const row of await runFor(session, statements.readRates, rates.rows())) {
    state.rates.load(String(row.user_key), String(row.rate_key), {
      times: JSON.parse(String(row.times)) as number[],
      expiresAt: Number(row.expires_at),
    })
  }
  for (const row of await runFor(session, statements.readQueues, queues.rows())) {
    state.queues.load(String(row.user_key), String(row.rate_key), {
      dueAt: Number(row.due_at),
      room: Number(row.room),
      expiresAt: Infinity,
    })
  }
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
