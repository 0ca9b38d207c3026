import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'

/** The result of one pass over the waiting rows. */
export interface SequencerPass {
  readonly taken: number
  /** Whether more rows are due already. */
  readonly more: boolean
  /** When the next row is due, in milliseconds since 1970; null when none waits. */
  readonly nextDue: number | null
}

const pollMs = 1_000

/** Runs a pass over the waiting rows every second, and sooner when it knows that a row is due. */
export class Sequencer {
  readonly #pass: () => Promise<SequencerPass>
  readonly #clock: Clock
  readonly #logger: Logger
  #running: Promise<number> | null = null
  #again = false
  #timer: NodeJS.Timeout | null = null
  #wakeAt = Infinity
  #started = false
  #closed = false

  constructor(pass: () => Promise<SequencerPass>, clock: Clock, logger: Logger) {
    this.#pass = pass
    this.#clock = clock
    this.#logger = logger
  }

  start(): void {
    this.#started = true
    this.#sleep(pollMs)
  }

  /** Runs passes until no row is due; a call during a pass adds another one. Returns how many rows were taken. */
  run(): Promise<number> {
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#runPasses().finally(() => {
      this.#running = null
      this.#sleep(pollMs)
    })
    return this.#running
  }

  /** Runs passes without a caller that waits. */
  wake(): void {
    this.run().catch((error: unknown) => {
      this.#logger.warn('Waiting notifications could not be sequenced; trying again', { error })
    })
  }

  /** Notes that a row is due at `dueAt`, in milliseconds since 1970. */
  expect(dueAt: number): void {
    if (dueAt >= this.#wakeAt) return
    this.#wakeAt = dueAt
    this.#sleep(pollMs)
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#running?.catch(() => undefined)
  }

  async #runPasses(): Promise<number> {
    let taken = 0
    do {
      this.#again = false
      this.#wakeAt = Infinity
      const pass = await this.#pass()
      taken += pass.taken
      if (pass.more) this.#again = true
      this.#wakeAt = Math.min(this.#wakeAt, pass.nextDue ?? Infinity)
    } while (this.#again && !this.#closed)
    return taken
  }

  #sleep(ms: number): void {
    if (!this.#started || this.#closed) return
    if (this.#timer) clearTimeout(this.#timer)
    // At least 10 ms: a due row that cannot be taken yet must not keep the process busy.
    const untilDue = Math.max(10, this.#wakeAt - this.#clock())
    this.#timer = setTimeout(() => this.wake(), Math.min(ms, untilDue))
    this.#timer.unref()
  }
}
