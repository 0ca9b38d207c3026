import { FocusError } from '../../../common/errors.ts'
import type { LogEntry } from '../../../notifications/log-entry-port.ts'
import type { Clock } from '../../../common/runtime.ts'
import { whileGrowing } from '../../../common/async/while-growing.ts'
import type { BatchResult, BatchRunner } from './batch-runner.ts'
import type { QueueState, Refusal } from '../../queue/work-queue.ts'
import type { CommitOutcome } from './batch-planner.ts'

export interface CommitterOptions {
  readonly clock: Clock
  readonly maxPerStream: number
  readonly epoch: () => string
  /** A call that has not been committed after this is refused. */
  readonly timeoutMs: number
  /** Called after each commit, in the order of the commits; must not throw. */
  readonly committed: (entries: readonly LogEntry[], result: BatchResult) => void
}

const maxBatchEntries = 1_000
/** Characters of text; stays below MySQL's smallest `max_allowed_packet` of 4 MB whatever has to be escaped. */
const maxBatchLength = 500_000
const maxQueuedEntries = 100_000
/** Characters of text: memory that callers who do not wait for their answers may take. */
const maxQueuedLength = 50_000_000

interface Call {
  readonly entry: LogEntry
  readonly length: number
  readonly deadline: number
  readonly resolve: (outcome: CommitOutcome) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: calls that arrive while a batch is being committed form the next one. One batch runs at a time, so that
 * a process never waits for its own locks.
 */
export class Committer {
  readonly #runner: BatchRunner
  readonly #options: CommitterOptions
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

  append(entry: LogEntry): Promise<CommitOutcome> {
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

  /** What waits to be committed. */
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

  /** Commits what was accepted; later calls are refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #drain(): Promise<void> {
    this.#timer = setInterval(() => this.#refuseOverdue(), 500)
    try {
      while (this.#queue.length > 0) {
        // Callers that the last commit resolved send again within a turn or two. Without waiting for them they would split
        // into groups that take turns, each with a commit of its own.
        await whileGrowing(() => this.#queue.length, { max: maxBatchEntries })
        this.#inFlight = this.#takeBatch()
        await this.#commit(this.#inFlight)
      }
    } finally {
      clearInterval(this.#timer)
      this.#inFlight = []
      this.#running = null
    }
  }

  #takeBatch(): Call[] {
    let size = 0
    let length = 0
    for (const call of this.#queue) {
      if (size === maxBatchEntries || (size > 0 && length + call.length > maxBatchLength)) break
      size += 1
      length += call.length
    }
    this.#queuedLength -= length
    return this.#queue.splice(0, size)
  }

  async #commit(calls: readonly Call[]): Promise<void> {
    const entries = calls.map((call) => call.entry)
    const { clock, maxPerStream, epoch, committed } = this.#options
    let result: BatchResult
    try {
      result = await this.#runner.run(entries, { now: clock(), maxPerStream, epoch: epoch() })
    } catch (error) {
      return this.#isolate(calls, error)
    }
    committed(entries, result)
    for (const [index, call] of calls.entries()) {
      const outcome = result.outcomes[index]
      if (outcome) call.resolve(outcome)
    }
  }

  /** An error that one entry may have caused must not reach the calls that happened to share its batch. */
  async #isolate(calls: readonly Call[], error: unknown): Promise<void> {
    if (calls.length === 1 || error instanceof FocusError) {
      for (const call of calls) call.reject(refusal(error))
      return
    }
    const middle = Math.ceil(calls.length / 2)
    await this.#commit(calls.slice(0, middle))
    await this.#commit(calls.slice(middle))
  }

  #tooMany(reason: Refusal): FocusError {
    this.#refused[reason] += 1
    return new FocusError('overloaded', `${this.#queue.length} notifications wait for the database already.`, {
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

/** About the characters that an entry adds to a batch's longest statement: each further delivery repeats the content. */
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
