import type { Logger } from '../../common/logging/logger.ts'
import type { Clock } from '../../common/runtime.ts'

/** A pass over what waits: how many were taken, and when the next one is due. */
export interface SequencerPass {
  readonly taken: number
  /** Whether more is waiting already. */
  readonly more: boolean
  /** Milliseconds since 1970; null when nothing waits. */
  readonly nextDue: number | null
}

const pollMs = 1_000

/** Takes into the streams what waits in tables: every second, sooner when it knows that something is there. */
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

  /** Takes what is there now; a call during a pass gets one of its own after it. */
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

  /** `run` for those who do not wait for it. */
  wake(): void {
    this.run().catch((error: unknown) => {
      this.#logger.warn('Notifications that wait could not be taken in; trying again', { error })
    })
  }

  /** Something is due at `dueAt`. */
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
    // Never at once: what is due and cannot be taken yet must not keep the process busy.
    const untilDue = Math.max(10, this.#wakeAt - this.#clock())
    this.#timer = setTimeout(() => this.wake(), Math.min(ms, untilDue))
    this.#timer.unref()
  }
}
