import { clockSkewMs } from '../../../common/time/clock-skew.ts'
import type { EntryGroup, EntryRate, LogEntry } from '../../../notifications/log-entry-port.ts'
import type { PlannedDelivery } from '../../../notifications/routing-port.ts'
import { mergedTexts } from '../../../notifications/policies/merged-texts-port.ts'
import { isMuted } from '../../../transports/preferences/preferences-port.ts'
import { type NotificationRow, sharedStream, toStreamOwner } from '../event-rows.ts'
import type { BatchState, HeadState, KeyedState, NotificationState, QueueState } from './batch-state.ts'

/** The result of one entry of a batch, small because it is sent between threads. */
export type CommitOutcome =
  | { readonly outcome: 'created'; readonly offset: number }
  | { readonly outcome: 'merged'; readonly row: NotificationRow }
  | { readonly outcome: 'scheduled' | 'deferred'; readonly dueAt: number }
  | { readonly outcome: 'suppressed'; readonly reason: 'duplicate' | 'rate' | 'preference' | 'expired' }
  | { readonly outcome: 'gone' }

/** The rows that a batch writes, besides the policy state that it changed. */
export interface BatchPlan {
  readonly outcomes: readonly CommitOutcome[]
  readonly inserts: readonly NotificationRow[]
  /** Earlier positions of rows that moved to a new offset. */
  readonly moved: readonly { readonly owner: string; readonly offset: number }[]
  /** Repeatable entries that were merged into the row of another one. */
  readonly merges: readonly Merge[]
  /** Deliveries of an event, with its row at that time. */
  readonly deliveries: readonly { readonly row: NotificationRow; readonly deliveries: readonly PlannedDelivery[] }[]
  readonly scheduled: readonly { readonly entry: LogEntry; readonly dueAt: number }[]
  /** Entries that wait for a rate. */
  readonly deferred: readonly Deferred[]
  /** Entries whose waiting row is deleted. */
  readonly finished: readonly LogEntry[]
}

export interface Deferred {
  readonly owner: string
  readonly rateKey: string
  readonly entry: LogEntry
}

export interface Merge {
  /** The id of the merged entry. */
  readonly id: string
  readonly targetId: string
  readonly offset: number
}

/**
 * Plans a batch: applies the policies of each entry to the state that the transaction locked, and advances that state, so
 * that the entries of one batch count for each other. Pure: no database, no clock.
 */
export function planBatch(entries: readonly LogEntry[], state: BatchState, now: number): BatchPlan {
  const planner = new BatchPlanner(state, now)
  const outcomes = entries.map((entry) => planner.decide(entry))
  return {
    outcomes,
    inserts: [...planner.inserts.values()],
    moved: planner.moved,
    merges: planner.merges,
    deliveries: planner.deliveries,
    scheduled: planner.scheduled,
    deferred: planner.deferred,
    finished: entries.filter((entry, index) => isFinished(entry, outcomes[index])),
  }
}

/** An entry that is deferred again keeps its waiting row. */
function isFinished({ source }: LogEntry, outcome: CommitOutcome | undefined): boolean {
  if (source === null || outcome?.outcome === 'gone') return false
  return !(source.table === 'deferred' && outcome?.outcome === 'deferred')
}

/** Another entry with the same key may have a longer window, but hardly longer than this. */
const longestUsualWindowMs = 86_400_000

/** Expiries of rates are rounded up, so that not every notification writes the index of expiries. */
const rateExpiryStepMs = 60_000

class BatchPlanner {
  /** By id. */
  readonly inserts = new Map<string, NotificationRow>()
  readonly moved: { owner: string; offset: number }[] = []
  readonly merges: Merge[] = []
  readonly deliveries: { row: NotificationRow; deliveries: readonly PlannedDelivery[] }[] = []
  readonly scheduled: { entry: LogEntry; dueAt: number }[] = []
  readonly deferred: Deferred[] = []
  readonly #state: BatchState
  readonly #now: number

  constructor(state: BatchState, now: number) {
    this.#state = state
    this.#now = now
  }

  decide(entry: LogEntry): CommitOutcome {
    const { source, deliverAt, expiresAt, policies } = entry
    if (source && !this.#state.sources.has(source.id)) return { outcome: 'gone' }
    if (deliverAt !== null && deliverAt > this.#now) return this.#schedule(entry, deliverAt)
    if (expiresAt !== null && expiresAt <= this.#now) return { outcome: 'suppressed', reason: 'expired' }
    const owner = toStreamOwner(entry.userKey)
    if (entry.unlessMuted && isMuted(this.#state.mutes.get(owner), entry.event)) {
      return { outcome: 'suppressed', reason: 'preference' }
    }
    const head = this.#state.head(owner)
    if (!policies) return this.#create(entry, owner, head)
    const { dedupe, group, rate } = policies
    if (dedupe && this.#openState(this.#state.dedupe, owner, dedupe)) {
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
    const target = group && this.#groupTarget(owner, group)
    if (group && target) return this.#merge(entry, owner, head, group, target)
    if (!rate) return this.#create(entry, owner, head)
    const queue = rate.overflow === 'defer' ? this.#queueOf(owner, rate) : undefined
    const queued = entry.source?.table === 'deferred'
    const times = this.#timesWithin(owner, rate)
    // Deferred entries go first.
    if (times.length < rate.limit && (queued || queue === undefined)) {
      const counted = [...times, this.#now]
      this.#state.rates.set(owner, rate.key, {
        times: counted,
        expiresAt: roundUp(this.#now + rate.windowMs, rateExpiryStepMs),
      })
      if (queued) this.#expectRoom(owner, rate, counted)
      return this.#create(entry, owner, head)
    }
    if (rate.overflow !== 'defer') return this.#overflow(entry, owner, head, rate)
    const dueAt = queue && !queued ? queue.dueAt : this.#expectRoom(owner, rate, times)
    // A deferred entry has passed deduplication; a second check would find its own key.
    const policies = entry.policies && { ...entry.policies, dedupe: null }
    if (!queued) {
      this.deferred.push({ owner, rateKey: rate.key, entry: { ...entry, deliverAt: null, source: null, policies } })
    }
    return { outcome: 'deferred', dueAt }
  }

  /** Ignores a queue that is due later than its window allows: it was planned before a clock was set back. */
  #queueOf(owner: string, { key, windowMs }: EntryRate): QueueState | undefined {
    const queue = this.#state.queues.get(owner, key, this.#now)
    return queue && queue.dueAt <= this.#now + windowMs + clockSkewMs ? queue : undefined
  }

  /** Plans and returns the time when a rate has room for its deferred entries. */
  #expectRoom(owner: string, rate: EntryRate, times: readonly number[]): number {
    const leavesFirst = times.at(-rate.limit)
    const dueAt = leavesFirst === undefined ? this.#now : Math.max(leavesFirst + rate.windowMs, this.#now + 1)
    const used = times.filter((time) => time > dueAt - rate.windowMs).length
    const room = Math.max(1, rate.limit - used)
    this.#state.queues.set(owner, rate.key, { dueAt, room, expiresAt: Infinity })
    return dueAt
  }

  #overflow(entry: LogEntry, owner: string, head: HeadState, rate: EntryRate): CommitOutcome {
    const key = overflowKey(rate)
    const target = rate.overflow === 'group' ? this.#groupTarget(owner, { key, windowMs: rate.windowMs }) : undefined
    if (!target) return { outcome: 'suppressed', reason: 'rate' }
    return this.#merge(entry, owner, head, entry.policies?.group ?? null, target)
  }

  /** Returns the times of notifications within the window; times in the future are from a clock that was set back. */
  #timesWithin(owner: string, rate: EntryRate): readonly number[] {
    const times = this.#state.rates.get(owner, rate.key, this.#now)?.times ?? []
    return times.filter((time) => time > this.#now - rate.windowMs && time <= this.#now + clockSkewMs)
  }

  /**
   * Returns the state of a key whose window is open. An expiry beyond any window was written before a clock was set back: its
   * window then starts now, so that it does not last for as long as the clock was wrong.
   */
  #openState<Value extends { readonly expiresAt: number }>(
    states: KeyedState<Value>,
    owner: string,
    { key, windowMs }: { readonly key: string; readonly windowMs: number },
  ): Value | undefined {
    const state = states.get(owner, key, this.#now)
    const latest = this.#now + Math.max(windowMs, longestUsualWindowMs) + clockSkewMs
    if (state && state.expiresAt > latest) states.set(owner, key, { ...state, expiresAt: this.#now + windowMs })
    return state
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
    if (policies) this.#startGroups(entry, owner, offset, policies.group, policies.rate)
    return { outcome: 'created', offset }
  }

  /** Returns the notification that further ones merge into; undefined after its window or its deletion. */
  #groupTarget(owner: string, group: Pick<EntryGroup, 'key' | 'windowMs'>): NotificationState | undefined {
    const id = this.#openState(this.#state.groups, owner, group)?.id
    return id === undefined ? undefined : this.#state.notifications.get(id)
  }

  /** Lets later entries of the group, or beyond the rate, merge into this notification. */
  #startGroups(entry: LogEntry, owner: string, offset: number, group: EntryGroup | null, rate: EntryRate | null): void {
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
    const row: NotificationRow = {
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

  #write({ deliveries }: LogEntry, row: NotificationRow): void {
    this.inserts.set(row.id, row)
    if (deliveries.length > 0) this.deliveries.push({ row, deliveries })
  }

  #schedule(entry: LogEntry, dueAt: number): CommitOutcome {
    this.scheduled.push({ entry: { ...entry, deliverAt: null, source: null }, dueAt })
    return { outcome: 'scheduled', dueAt }
  }
}

/** Returns the group key for notifications beyond a rate; keys of applications cannot start with this character. */
export function overflowKey(rate: EntryRate): string {
  return `\u0001${rate.key}`
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
