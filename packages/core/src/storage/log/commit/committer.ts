import type { BatchWakeUps } from '../../../cluster/wake-ups/wake-up-store-port.ts'
import { FocusError } from '../../../common/errors.ts'
import type { AppendOutcome, LogEntry } from '../../../notifications/log-entry-port.ts'
import type { Debug } from '../../../common/logging/debug.ts'
import type { Clock } from '../../../common/runtime.ts'
import { whileGrowing } from '../../../common/async/while-growing.ts'
import type { BatchResult, BatchRunner } from './batch-runner.ts'
import type { QueueState, Refusal } from '../../queue/work-queue.ts'
import { isolate, type SharedWork } from '../run-isolated.ts'
import type { CommitOutcome } from './batch-planner.ts'

export interface CommitterOptions {
  readonly clock: Clock
  /** Traces batches: their size, duration and failures. */
  readonly debug: Debug
  readonly maxPerStream: number
  readonly epoch: () => string
  /** How batches wake other nodes. */
  readonly wakeUps: BatchWakeUps
  /** A call that is not committed within this time is refused. */
  readonly timeoutMs: number
  /** Called after each commit, in the order of the commits; must not throw. */
  readonly committed: (entries: readonly LogEntry[], result: BatchResult) => void
}

const maxQueuedEntries = 100_000
/** Characters of text: bounds the memory for callers that do not await their calls. */
const maxQueuedLength = 50_000_000

interface Call {
  readonly entry: LogEntry
  readonly length: number
  readonly deadline: number
  readonly resolve: (outcome: AppendOutcome) => void
  readonly reject: (error: unknown) => void
}

/** A batch that the database works on. */
interface Batch {
  readonly calls: Call[]
  /** Never rejects. */
  readonly outcome: Promise<{ readonly result: BatchResult } | { readonly error: unknown }>
}

/**
 * Group commit: calls that arrive during the commit of a batch form the next one. One batch runs at a time, so a process
 * never waits for its own locks.
 */
export class Committer {
  readonly #runner: BatchRunner
  readonly #options: CommitterOptions
  readonly #work: SharedWork<Call, BatchResult> = {
    run: (calls) => this.#run(calls),
    committed: (calls, result) => this.#resolve(calls, result),
    failed: ({ reject }, error) => reject(refusal(error)),
  }
  #queue: Call[] = []
  #queuedLength = 0
  readonly #refused = { count: 0, bytes: 0, age: 0 }
  #running: Promise<void> | null = null
  #inFlight: Call[] = []
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(runner: BatchRunner, options: CommitterOptions) {
    this.#runner = runner
    this.#options = options
  }

  append(entry: LogEntry): Promise<AppendOutcome> {
    if (this.#closed) return Promise.reject(new FocusError('closed', 'The notification log is closed.'))
    const length = writtenLength(entry)
    if (this.#queue.length >= maxQueuedEntries) return Promise.reject(this.#tooMany('count'))
    if (this.#queuedLength + length > maxQueuedLength) return Promise.reject(this.#tooMany('bytes'))
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, length, deadline: performance.now() + this.#options.timeoutMs, resolve, reject })
      this.#queuedLength += length
      this.#running ??= this.#drain()
    })
  }

  /** Returns the state of the queue, for metrics. */
  state(): QueueState {
    const since = this.#queue[0] && this.#queue[0].deadline - this.#options.timeoutMs
    return {
      queue: 'notifications',
      kind: 'delivery',
      count: this.#queue.length,
      bytes: this.#queuedLength,
      oldestMs: since === undefined ? 0 : performance.now() - since,
      refused: { ...this.#refused },
    }
  }

  /** Commits the accepted calls and refuses later ones. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #drain(): Promise<void> {
    this.#timer = setInterval(() => this.#refuseOverdue(), 500)
    try {
      let batch: Batch | null = null
      while (batch !== null || this.#queue.length > 0) {
        batch ??= await this.#gather()
        batch = await this.#finish(batch)
      }
    } finally {
      clearInterval(this.#timer)
      this.#inFlight = []
      this.#running = null
    }
  }

  /**
   * Starts a batch of the waiting calls. Callers of the last batch send again within a turn or two of the event loop. Without a
   * wait they would split into groups that take turns, each with a commit of its own.
   */
  async #gather(): Promise<Batch> {
    await whileGrowing(() => this.#queue.length, { max: this.#runner.limits.entries })
    return this.#start()
  }

  #start(): Batch {
    const calls = this.#takeBatch()
    this.#inFlight = calls
    const outcome = this.#run(calls).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    )
    return { calls, outcome }
  }

  /** Answers the callers of a batch. Returns the next batch if enough calls waited for it: the database works on it in this time. */
  async #finish({ calls, outcome }: Batch): Promise<Batch | null> {
    const ended = await outcome
    if ('error' in ended) {
      await isolate(calls, ended.error, this.#work)
      return null
    }
    const next = this.#queue.length < this.#runner.limits.entries / 4 ? null : this.#start()
    // Within a turn of the event loop, the next batch is on its way.
    if (next) await new Promise((resolve) => setImmediate(resolve))
    this.#resolve(calls, ended.result)
    return next
  }

  #takeBatch(): Call[] {
    const { limits } = this.#runner
    let size = 0
    let length = 0
    for (const call of this.#queue) {
      if (size === limits.entries || (size > 0 && length + call.length > limits.length)) break
      size += 1
      length += call.length
    }
    this.#queuedLength -= length
    return this.#queue.splice(0, size)
  }

  async #run(calls: readonly Call[]): Promise<BatchResult> {
    const { clock, maxPerStream, epoch, wakeUps, debug } = this.#options
    const entries = calls.map((call) => call.entry)
    const startedAt = performance.now()
    try {
      const result = await this.#runner.run(entries, {
        now: clock(),
        maxPerStream,
        epoch: epoch(),
        wakeUp: wakeUps.next(),
      })
      if (debug.enabled)
        debug('batch committed', { entries: calls.length, ms: Math.round(performance.now() - startedAt) })
      return result
    } catch (error) {
      if (debug.enabled)
        debug('batch failed', { entries: calls.length, ms: Math.round(performance.now() - startedAt), error })
      throw error
    } finally {
      wakeUps.ended()
    }
  }

  #resolve(calls: readonly Call[], result: BatchResult): void {
    this.#options.committed(
      calls.map((call) => call.entry),
      result,
    )
    for (const [index, call] of calls.entries()) {
      const outcome = result.outcomes[index]
      if (outcome) call.resolve(toAppendOutcome(call.entry, outcome))
    }
  }

  #tooMany(reason: Refusal): FocusError {
    this.#refused[reason] += 1
    return new FocusError('overloaded', `${this.#queue.length} notifications already wait for the database.`, {
      hint: 'Send more slowly, or await the calls.',
      retryAfterSeconds: 5,
    })
  }

  #refuseOverdue(): void {
    const now = performance.now()
    const overdue = (call: Call) => call.deadline <= now
    this.#refused.age += this.#queue.filter(overdue).length
    for (const call of [...this.#inFlight, ...this.#queue]) if (overdue(call)) call.reject(tooSlow())
    this.#queue = this.#queue.filter((call) => !overdue(call))
    this.#queuedLength = this.#queue.reduce((sum, call) => sum + call.length, 0)
  }
}

function toAppendOutcome({ id }: LogEntry, outcome: CommitOutcome): AppendOutcome {
  if (outcome.outcome === 'created') return { outcome: 'created', id, offset: outcome.offset }
  if (outcome.outcome === 'merged') return { outcome: 'merged', id: outcome.row.id, offset: outcome.row.offset }
  return outcome
}

/** Returns about how many characters an entry adds to a batch's longest statement: each further delivery repeats its content. */
function writtenLength({ title, message, data, deliveries }: LogEntry): number {
  return (title.length + message.length + data.length + 300) * Math.max(1, deliveries.length)
}

function refusal(error: unknown): FocusError {
  if (error instanceof FocusError) return error
  return new FocusError('storage_unavailable', 'The database refused the notification.', {
    hint: 'The cause says why; `focus doctor` checks the database.',
    cause: error,
  })
}

function tooSlow(): FocusError {
  return new FocusError(
    'storage_unavailable',
    'The database did not answer in time; the notification may still be written.',
    {
      hint: 'Check the database and its disk. Inside a transaction of your own, send with notifications.transaction().',
      retryAfterSeconds: 5,
    },
  )
}
