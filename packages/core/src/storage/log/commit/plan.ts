import type { EntryGroup, EntryRate, LogEntry } from '../../../notifications/log.ts'
import type { PlannedDelivery } from '../../../notifications/outbound.ts'
import { mergedTexts } from '../../../notifications/merged-texts.ts'
import { type NotificationRow, sharedStream, toStreamOwner } from '../rows.ts'
import type { BatchState, HeadState, NotificationState } from './batch-state.ts'

/** What became of one entry of a batch, as small as can be: most of it is sent between threads. */
export type CommitOutcome =
  | { readonly outcome: 'created'; readonly offset: number }
  | { readonly outcome: 'merged'; readonly row: NotificationRow }
  | { readonly outcome: 'scheduled' | 'deferred'; readonly dueAt: number }
  | { readonly outcome: 'suppressed'; readonly reason: 'duplicate' | 'rate' | 'expired' }
  | { readonly outcome: 'gone' }

/** Rows that a batch writes beyond the state that it changed. */
export interface Plan {
  readonly outcomes: readonly CommitOutcome[]
  readonly inserts: readonly PlannedRow[]
  /** Rows that moved on to a new offset. */
  readonly moved: readonly { readonly owner: string; readonly offset: number }[]
  /** Repeatable entries that live on in another's row. */
  readonly merges: readonly Merge[]
  /** Rows as they are after an event, with what else the event goes to. */
  readonly outbound: readonly { readonly row: PlannedRow; readonly deliveries: readonly PlannedDelivery[] }[]
  readonly scheduled: readonly { readonly entry: LogEntry; readonly dueAt: number }[]
  /** Entries whose waiting row is done with. */
  readonly finished: readonly LogEntry[]
}

export type PlannedRow = NotificationRow

export interface Merge {
  /** The entry's own. */
  readonly id: string
  readonly targetId: string
  readonly offset: number
}

/**
 * Decides what a batch of entries becomes: applies the policies to the state that the transaction locked, entry by entry,
 * so that members of one batch count for each other, and advances the state with them. Pure: no database, no clock.
 */
export function planBatch(entries: readonly LogEntry[], state: BatchState, now: number): Plan {
  const planner = new Planner(state, now)
  const outcomes = entries.map((entry) => planner.decide(entry))
  return {
    outcomes,
    inserts: [...planner.inserts.values()],
    moved: planner.moved,
    merges: planner.merges,
    outbound: planner.outbound,
    scheduled: planner.scheduled,
    finished: entries.filter((entry, index) => entry.source !== null && outcomes[index]?.outcome !== 'gone'),
  }
}

/** A rate's row lives a little longer than it must, so that its expiry's index is not written with every notification. */
const rateExpiryStepMs = 60_000

class Planner {
  /** By id. */
  readonly inserts = new Map<string, PlannedRow>()
  readonly moved: { owner: string; offset: number }[] = []
  readonly merges: Merge[] = []
  readonly outbound: { row: PlannedRow; deliveries: readonly PlannedDelivery[] }[] = []
  readonly scheduled: { entry: LogEntry; dueAt: number }[] = []
  readonly #state: BatchState
  readonly #now: number

  constructor(state: BatchState, now: number) {
    this.#state = state
    this.#now = now
  }

  decide(entry: LogEntry): CommitOutcome {
    const { source, deliverAt, expiresAt, policies } = entry
    if (source && !this.#state.sources.has(source.id)) return { outcome: 'gone' }
    if (deliverAt !== null && deliverAt > this.#now) return this.#schedule(entry, deliverAt, 'scheduled')
    if (expiresAt !== null && expiresAt <= this.#now) return { outcome: 'suppressed', reason: 'expired' }
    const owner = toStreamOwner(entry.userKey)
    const head = this.#state.head(owner)
    if (!policies) return this.#create(entry, owner, head)
    const { dedupe, group, rate } = policies
    if (dedupe && this.#state.dedupe.get(owner, dedupe.key, this.#now) !== undefined) {
      return { outcome: 'suppressed', reason: 'duplicate' }
    }
    const outcome = this.#mergeOrCreate(entry, owner, head, group, rate)
    if (dedupe && outcome.outcome !== 'suppressed') {
      this.#state.dedupe.set(owner, dedupe.key, { expiresAt: this.#now + dedupe.windowMs })
    }
    return outcome
  }

  #mergeOrCreate(
    entry: LogEntry,
    owner: string,
    head: HeadState,
    group: EntryGroup | null,
    rate: EntryRate | null,
  ): CommitOutcome {
    const target = group && this.#openGroup(owner, group.key)
    if (group && target) return this.#merge(entry, owner, head, group, target)
    if (!rate) return this.#create(entry, owner, head)
    const times = this.#timesWithin(owner, rate)
    if (times.length < rate.limit) {
      this.#state.rates.set(owner, rate.key, {
        times: [...times, this.#now],
        expiresAt: roundUp(this.#now + rate.windowMs, rateExpiryStepMs),
      })
      return this.#create(entry, owner, head)
    }
    return this.#overflow(entry, owner, head, rate, times)
  }

  #overflow(entry: LogEntry, owner: string, head: HeadState, rate: EntryRate, times: readonly number[]): CommitOutcome {
    if (rate.overflow === 'defer') {
      const leavesFirst = times.at(-rate.limit) ?? this.#now
      return this.#schedule(entry, Math.max(leavesFirst + rate.windowMs, this.#now + 1), 'deferred')
    }
    const key = overflowKey(rate)
    const target = rate.overflow === 'group' ? this.#openGroup(owner, key) : undefined
    if (!target) return { outcome: 'suppressed', reason: 'rate' }
    return this.#merge(entry, owner, head, entry.policies?.group ?? null, target)
  }

  /** When notifications were let through, as far back as the window reaches. */
  #timesWithin(owner: string, rate: EntryRate): readonly number[] {
    const times = this.#state.rates.get(owner, rate.key, this.#now)?.times ?? []
    return times.filter((time) => time > this.#now - rate.windowMs)
  }

  #create(entry: LogEntry, owner: string, head: HeadState): CommitOutcome {
    const offset = head.advance(owner === sharedStream ? 0 : 1)
    const { policies } = entry
    this.#write(entry, {
      user_key: owner,
      offset,
      id: entry.id,
      event: entry.event,
      type: entry.type,
      title: entry.title,
      message: entry.message,
      data: entry.data,
      count: 1,
      group_key: policies?.group?.key ?? null,
      created_at: entry.createdAt,
      expires_at: entry.expiresAt,
    })
    if (policies) this.#openGroups(entry, owner, offset, policies.group, policies.rate)
    return { outcome: 'created', offset }
  }

  /** The notification that a further one joins; undefined once its window has passed, or when it was deleted. */
  #openGroup(owner: string, key: string): NotificationState | undefined {
    const id = this.#state.groups.get(owner, key, this.#now)?.id
    return id === undefined ? undefined : this.#state.notifications.get(id)
  }

  /** Later entries of the group, or beyond the rate, join this notification. */
  #openGroups(entry: LogEntry, owner: string, offset: number, group: EntryGroup | null, rate: EntryRate | null): void {
    const open = (key: string, windowMs: number) =>
      this.#state.groups.set(owner, key, { id: entry.id, expiresAt: this.#now + windowMs })
    if (group) open(group.key, group.windowMs)
    if (rate?.overflow === 'group') open(overflowKey(rate), rate.windowMs)
    this.#state.notifications.set(entry.id, {
      id: entry.id,
      offset,
      count: 1,
      groupKey: group?.key ?? null,
      unread: true,
    })
  }

  #merge(
    entry: LogEntry,
    owner: string,
    head: HeadState,
    group: EntryGroup | null,
    target: NotificationState,
  ): CommitOutcome {
    const count = target.count + 1
    const offset = head.advance(owner === sharedStream || target.unread ? 0 : 1)
    if (!this.inserts.has(target.id)) this.moved.push({ owner, offset: target.offset })
    const row: PlannedRow = {
      user_key: owner,
      offset,
      id: target.id,
      event: entry.event,
      type: entry.type,
      ...mergedTexts(entry, group?.merged ?? null, count),
      data: entry.data,
      count,
      group_key: target.groupKey,
      created_at: entry.createdAt,
      expires_at: entry.expiresAt,
    }
    this.#write(entry, row)
    if (entry.repeatable) this.merges.push({ id: entry.id, targetId: target.id, offset })
    this.#state.notifications.set(target.id, { ...target, offset, count, unread: true })
    return { outcome: 'merged', row }
  }

  #write({ deliveries }: LogEntry, row: PlannedRow): void {
    this.inserts.set(row.id, row)
    if (deliveries.length > 0) this.outbound.push({ row, deliveries })
  }

  #schedule(entry: LogEntry, dueAt: number, outcome: 'scheduled' | 'deferred'): CommitOutcome {
    // A deferred entry has passed deduplication; judged again, it would be its own duplicate.
    const policies = outcome === 'deferred' && entry.policies ? { ...entry.policies, dedupe: null } : entry.policies
    this.scheduled.push({ entry: { ...entry, deliverAt: null, source: null, policies }, dueAt })
    return { outcome, dueAt }
  }
}

/** Where notifications beyond a rate are gathered; no application key begins with this character. */
export function overflowKey(rate: EntryRate): string {
  return `\u0001${rate.key}`
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
