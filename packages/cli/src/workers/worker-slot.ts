import cluster, { type Worker } from 'node:cluster'
import type { Logger } from '@focus-api/core'
import { CommandFailure, ExitCode } from '../terminal/failure.ts'
import { type FromPrimary, type FromWorker, isFromWorker, type StartFailure } from './messages.ts'

/** A worker that ran for this long was healthy: its next end is answered at once again. */
const HEALTHY_MS = 60_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000

export interface SlotOptions {
  readonly number: number
  /** Arguments of the command line of the worker. */
  readonly args: readonly string[]
  readonly logger: Logger
  /** Receives what the worker asks and answers about metrics. */
  readonly onMessage: (message: FromWorker, slot: WorkerSlot) => void
  /** Milliseconds between two pings (default: 10,000). */
  readonly pingMs?: number
}

/** Between two pings of a worker that is asked to end. */
const ENDING_PING_MS = 3_000
/** A worker that has not answered this many pings is killed: its event loop is blocked. */
const MOST_SILENT_PINGS = 3

/**
 * The place of one worker. After the first successful start, a worker that ends is started again: at once, and after
 * growing waits when it keeps ending. A worker that is blocked is killed, because it still gets its share of the connections.
 */
export class WorkerSlot {
  readonly number: number
  restarts = 0
  readonly #options: SlotOptions
  readonly #start = Promise.withResolvers<void>()
  #worker: Worker | null = null
  #failure: StartFailure | null = null
  #isReady = false
  #readyAt: number | null = null
  #quickEnds = 0
  #timer: NodeJS.Timeout | undefined
  #pings: NodeJS.Timeout | undefined
  /** Pings without an answer. */
  #silentPings = 0
  #ending = false
  #cleanEnd = true

  constructor(options: SlotOptions) {
    this.number = options.number
    this.#options = options
  }

  /**
   * Starts the worker and resolves when it serves.
   *
   * @throws CommandFailure the reason of the worker, or `worker_ended` if it ended without one
   */
  start(): Promise<void> {
    this.#fork()
    return this.#start.promise
  }

  /** Sends a message; false when the worker does not serve at the moment. */
  send(message: FromPrimary): boolean {
    if (!this.#isReady || this.#worker?.isConnected() !== true) return false
    this.#worker.send(message, (error: Error | null) => void error)
    return true
  }

  /**
   * Passes a signal on and resolves when the worker has ended; one that is blocked is killed. Returns whether it ended as it
   * should.
   */
  async end(signal: NodeJS.Signals): Promise<boolean> {
    this.#ending = true
    clearTimeout(this.#timer)
    const worker = this.#worker
    if (worker !== null) {
      // A worker that is asked to end answers until it has ended; supervisors kill the primary after some 30 seconds.
      if (this.#isReady) this.#pingEvery(Math.min(ENDING_PING_MS, this.#pingMs))
      const exited = new Promise((resolve) => worker.once('exit', resolve))
      worker.process.kill(signal)
      await exited
    }
    return this.#cleanEnd
  }

  #fork(): void {
    cluster.setupPrimary({ args: [...this.#options.args] })
    const worker = cluster.fork()
    this.#worker = worker
    this.#failure = null
    this.#readyAt = null
    worker.on('message', (message: unknown) => {
      if (isFromWorker(message)) this.#hear(message)
    })
    // Without a listener, a worker that cannot be forked or signalled would end the primary.
    worker.on('error', () => undefined)
    worker.once('exit', (code: number | null, signal: NodeJS.Signals | null) => this.#ended(code, signal))
  }

  #hear(message: FromWorker): void {
    if (message.type === 'focus:ready') {
      if (this.restarts > 0) this.#options.logger.info('worker started again', { worker: this.number })
      this.#isReady = true
      this.#readyAt = performance.now()
      this.#silentPings = 0
      this.#pingEvery(this.#pingMs)
      this.#start.resolve()
    } else if (message.type === 'focus:alive') this.#silentPings = 0
    else if (message.type === 'focus:failed') this.#failure = message.failure
    else this.#options.onMessage(message, this)
  }

  get #pingMs(): number {
    return this.#options.pingMs ?? 10_000
  }

  #pingEvery(intervalMs: number): void {
    clearInterval(this.#pings)
    this.#pings = setInterval(() => this.#ping(), intervalMs)
  }

  /** A process that was suspended as a whole, like that of a laptop, misses one ping only. */
  #ping(): void {
    if (this.#silentPings >= MOST_SILENT_PINGS) {
      this.#options.logger.error('worker does not answer and is killed', { worker: this.number })
      this.#worker?.process.kill('SIGKILL')
      return
    }
    this.#silentPings += 1
    this.send({ type: 'focus:ping' })
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    const { number: worker, logger } = this.#options
    const startedOnce = this.#readyAt !== null || this.restarts > 0
    const livedMs = this.#readyAt === null ? 0 : performance.now() - this.#readyAt
    this.#worker = null
    this.#isReady = false
    clearInterval(this.#pings)
    if (!startedOnce) return this.#start.reject(startFailure(this.#failure, worker, code ?? signal))
    const how = { worker, ...(code === null ? { signal } : { code }) }
    if (this.#ending) {
      this.#cleanEnd = code === ExitCode.done || code === ExitCode.interrupted
      if (!this.#cleanEnd) logger.error('worker failed to end', how)
      return
    }
    this.#quickEnds = livedMs >= HEALTHY_MS ? 0 : this.#quickEnds + 1
    const inMs = this.#quickEnds <= 1 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#quickEnds - 2))
    const reason = this.#failure === null ? {} : { reason: this.#failure.message }
    logger.warn('worker ended and is started again', { ...how, ...reason, inMs })
    this.restarts += 1
    this.#timer = setTimeout(() => this.#fork(), inMs)
  }
}

function startFailure(failure: StartFailure | null, worker: number, end: number | string | null): CommandFailure {
  if (failure === null) {
    return new CommandFailure('worker_ended', `Worker ${worker} ended (${end}) before it was ready.`, {
      hint: 'Look at the lines above, or start with --workers 1.',
    })
  }
  const { code, message, hint, exitCode } = failure
  return new CommandFailure(code, message, { exitCode, ...(hint === undefined ? {} : { hint }) })
}
