import { type BatchWakeUps, noWakeUps } from '../../cluster/wake-ups/wake-up-store-port.ts'
import type { CommitListener, NotificationLog, PendingRow, WaitingRow } from '../../notifications/log-port.ts'
import type { AppendOutcome, EntrySource, LogEntry } from '../../notifications/log-entry-port.ts'
import type {
  FirstSight,
  InboxRows,
  InboxSelection,
  ReadSelection,
  StateChange,
  StoredHead,
} from '../../notifications/inbox/inbox-port.ts'
import type { IdempotencyStore } from '../../notifications/policies/idempotency-port.ts'
import type { Kysely, Transaction } from 'kysely'
import type { LoggedNotification, NotificationEvent, Receipt, StreamHead } from '../../notifications/ports.ts'
import type { Runtime } from '../../common/runtime.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Database } from '../database.ts'
import { Committer } from './commit/committer.ts'
import type { BatchRunner } from './commit/batch-runner.ts'
import { writeBatch } from './commit/write-batch.ts'
import type { CommitOutcome } from './commit/batch-planner.ts'
import { Epoch } from './epoch.ts'
import { HeadReader, sharedHead } from './stream-heads.ts'
import { readInbox } from './inbox-page.ts'
import { InboxState } from './inbox-state.ts'
import { entryToEvent, toEvent, toStreamOwner } from './event-rows.ts'
import { readRecent } from './recent-rows.ts'
import { readRange } from './stream-range.ts'
import { Upkeep } from './log-upkeep.ts'
import { WaitingRows } from './waiting-rows.ts'
import { KyselyIdempotencyStore } from './idempotency-store.ts'
import type { QueueState } from '../queue/work-queue.ts'

export interface NotificationLogOptions {
  /** How long a call may wait for the database before it is refused, in milliseconds. */
  readonly timeoutMs?: number
  /** Notifications kept for each user, and broadcasts. */
  readonly maxPerStream?: number
  /** How long a notification is kept, in milliseconds. */
  readonly maxAgeMs?: number
  /** How batches wake other nodes. */
  readonly wakeUps?: BatchWakeUps
}

export const notificationLogDefaults = {
  timeoutMs: 10_000,
  maxPerStream: 1_000,
  maxAgeMs: 90 * 86_400_000,
  wakeUps: noWakeUps,
} as const

type LogRuntime = Pick<Runtime, 'clock' | 'logger' | 'debug'>

export interface StoredLog extends NotificationLog {
  /** Returns the state of the queue of entries that wait for their commit in this process. */
  queues(): QueueState[]
}

/** Opens the notification log on a database whose tables are up to date. */
export async function openNotificationLog(
  database: Database,
  runtime: LogRuntime,
  options: NotificationLogOptions = {},
): Promise<StoredLog> {
  const epoch = await Epoch.open(database)
  const limits = { ...notificationLogDefaults, ...options }
  const runner = await database.batchRunner(writeBatch, 0.8 * limits.timeoutMs)
  return new DatabaseNotificationLog(database, runtime, epoch, runner, limits)
}

class DatabaseNotificationLog implements StoredLog {
  readonly idempotency: IdempotencyStore
  readonly #database: Database
  /** Requests of single users give way to notifications that are sent. */
  readonly #background: Database
  readonly #runtime: LogRuntime
  readonly #epoch: Epoch
  readonly #committer: Committer
  readonly #heads: HeadReader
  readonly #firstSight: InboxState
  readonly #state: InboxState
  readonly #waiting: WaitingRows
  readonly #upkeep: Upkeep
  readonly #listeners: CommitListener[] = []

  constructor(
    database: Database,
    runtime: LogRuntime,
    epoch: Epoch,
    runner: BatchRunner,
    { timeoutMs, maxPerStream, maxAgeMs, wakeUps }: Required<NotificationLogOptions>,
  ) {
    this.#database = database
    this.#background = database.forClass('background')
    this.#runtime = runtime
    this.#epoch = epoch
    this.#heads = new HeadReader(database.db, epoch, runtime.clock)
    this.#firstSight = new InboxState(database, epoch)
    this.#state = new InboxState(this.#background, epoch)
    this.idempotency = new KyselyIdempotencyStore(database, runtime.clock)
    this.#waiting = new WaitingRows(database)
    this.#upkeep = new Upkeep(
      this.#background.withoutTimeLimit(),
      runtime,
      epoch,
      { maxPerStream, maxAgeMs },
      this.#waiting,
    )
    this.#committer = new Committer(runner, {
      clock: runtime.clock,
      debug: runtime.debug('commit'),
      maxPerStream,
      epoch: () => epoch.current,
      wakeUps,
      timeoutMs,
      committed: (entries, { outcomes, overgrown }) => {
        this.#upkeep.overgrown(overgrown)
        this.#tell(entries, outcomes)
      },
    })
    this.#upkeep.start()
  }

  queues(): QueueState[] {
    return [this.#committer.state()]
  }

  get epoch(): string {
    return this.#epoch.current
  }

  rotateEpoch(): Promise<string> {
    return this.#epoch.rotate()
  }

  append(entry: LogEntry): Promise<AppendOutcome> {
    return this.#committer.append(entry)
  }

  heads(userKeys: readonly UserKey[], since?: ReadonlyMap<UserKey, number>): Promise<StoredHead[]> {
    return this.#heads.read(userKeys, since)
  }

  firstSight(users: readonly FirstSight[]): Promise<void> {
    return this.#firstSight.firstSight(users, this.#runtime.clock())
  }

  async allHead(): Promise<StreamHead> {
    return sharedHead(await this.#heads.shared(), this.epoch)
  }

  async read(userKey: UserKey | null, after: number, upTo: number, limit: number): Promise<NotificationEvent[]> {
    const range = { after, upTo, limit }
    const rows = await readRange(this.#database.db, toStreamOwner(userKey), range, this.#runtime.clock())
    return rows.map((row) => toEvent(row, this.epoch))
  }

  inbox(userKey: UserKey, selection: InboxSelection): Promise<InboxRows> {
    return readInbox(this.#background.db, this.#heads, this.epoch, userKey, selection, this.#runtime.clock())
  }

  recent(limit: number): Promise<LoggedNotification[]> {
    return readRecent(this.#background.db, limit)
  }

  markRead(userKey: UserKey, which: ReadSelection): Promise<StateChange | null> {
    return this.#state.markRead(userKey, which, this.#runtime.clock())
  }

  remove(userKey: UserKey, id: string): Promise<StateChange | null> {
    return this.#state.remove(userKey, id, this.#runtime.clock())
  }

  pendingInsert(row: PendingRow): { sql: string; parameters: readonly unknown[] } {
    return this.#waiting.pendingInsert(row)
  }

  transaction<DB, T>(
    db: Kysely<DB>,
    work: (trx: Transaction<DB>, leave: (row: PendingRow) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    return this.#waiting.transaction(db, work)
  }

  due(limit: number): Promise<WaitingRow[]> {
    return this.#waiting.due(this.#runtime.clock(), limit)
  }

  nextDue(): Promise<number | null> {
    return this.#waiting.nextDue()
  }

  discard(source: EntrySource): Promise<boolean> {
    return this.#waiting.discard(source)
  }

  park(source: EntrySource, reason: string, retryAt: number | null): Promise<void> {
    return this.#waiting.park(source, reason, retryAt, this.#runtime.clock())
  }

  parkedCounts(): Promise<{ readonly retried: number; readonly parked: number }> {
    return this.#waiting.parkedCounts()
  }

  find(id: string): Promise<Receipt | null> {
    return this.#waiting.find(id)
  }

  upkeep(): Promise<void> {
    return this.#upkeep.run()
  }

  onCommitted(listener: CommitListener): void {
    this.#listeners.push(listener)
  }

  onEpochChange(listener: () => void): void {
    this.#epoch.onChange(listener)
  }

  onForeignCommit(listener: () => void): void {
    this.#database.onForeignCommit(listener)
  }

  async close(): Promise<void> {
    await this.#upkeep.close()
    await this.#committer.close()
    this.#listeners.length = 0
  }

  #tell(entries: readonly LogEntry[], outcomes: readonly CommitOutcome[]): void {
    const events: NotificationEvent[] = []
    for (const [index, entry] of entries.entries()) {
      const outcome = outcomes[index]
      if (outcome?.outcome === 'created') events.push(entryToEvent(entry, outcome.offset, this.epoch))
      if (outcome?.outcome === 'merged') events.push(toEvent(outcome.row, this.epoch))
    }
    if (events.length === 0) return
    for (const listener of this.#listeners) {
      try {
        listener(events)
      } catch (error) {
        // The notifications are committed all the same; readers heal from the log.
        this.#runtime.logger.error('A listener of the notification log failed', { error })
      }
    }
  }
}
