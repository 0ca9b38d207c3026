import { setTimeout as delay } from 'node:timers/promises'
import { Attempts } from './attempts.ts'
import { Intake } from './delivery-intake.ts'
import { createWorkerState, type OutboxWorkerDeps, type WorkerState } from './worker-state.ts'

const pollMs = 1_000
/** The poll while deliveries may be due that could not be leased. */
const blockedPollMs = 250
const maxBackoffMs = 30_000

/**
 * Delivers the due deliveries of one transport: leases them, attempts each, and writes the result to the outbox. At least once: when
 * a process dies, its leases run out and the next attempt uses the same idempotency key.
 */
export class OutboxWorker {
  readonly #closing = new AbortController()
  readonly #state: WorkerState
  readonly #intake: Intake
  readonly #attempts: Attempts
  #interruptSleep: () => void = () => undefined
  #woken = false
  #loop: Promise<void> | undefined

  constructor(deps: OutboxWorkerDeps) {
    this.#state = createWorkerState(deps, this.#closing.signal)
    this.#intake = new Intake(this.#state)
    this.#attempts = new Attempts(this.#state, () => this.wake())
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  /** Tells the worker that deliveries may be due. */
  wake(): void {
    this.#woken = true
    this.#interruptSleep()
  }

  /** Delivers everything that is due now, without `start()`; for frozen clocks. Returns the number of leased deliveries. */
  async runDue(): Promise<number> {
    const { active, writer, lanes } = this.#state
    let total = 0
    for (;;) {
      const { leased } = await this.#intake.fill()
      total += leased
      this.#attempts.start()
      if (active.size > 0) await Promise.race(active.values())
      else {
        await writer.flush()
        // Deliveries that are still in the lanes wait for the rate.
        if (leased === 0 || lanes.size > 0) return total
      }
    }
  }

  /** Starts nothing new, lets the attempts in progress finish within `graceMs`, and then aborts them. */
  async close(graceMs: number): Promise<void> {
    const { active, writer, lanes } = this.#state
    const reason = new Error('The server is shutting down.')
    this.#closing.abort(reason)
    this.#interruptSleep()
    await this.#loop
    writer.release(lanes.takeAll().map(({ delivery }) => delivery.id))
    await writer.flush()
    await Promise.race([Promise.allSettled(active.values()), delay(graceMs, undefined, { ref: false })])
    this.#attempts.abort(reason)
    await Promise.allSettled(active.values())
    await writer.close()
  }

  async #run(): Promise<void> {
    const { name, pace, logger } = this.#state
    let failures = 0
    while (!this.#closing.signal.aborted) {
      this.#woken = false
      let pauseMs = pollMs
      try {
        const { leased, blocked, full } = await this.#intake.fill()
        failures = 0
        this.#attempts.start()
        if (leased > 0 && !full) continue
        if (blocked) pauseMs = blockedPollMs
        if (pace.waitMs > 0) pauseMs = Math.min(pauseMs, pace.waitMs)
      } catch (error) {
        failures += 1
        pauseMs = Math.min(maxBackoffMs, pollMs * 2 ** failures)
        logger.warn('The outbox cannot be read; deliveries wait', { transport: name, error })
      }
      if (failures > 0) await this.#sleep(pauseMs)
      else await this.#sleepUntilWoken(pauseMs)
    }
  }

  /** Waits `ms` milliseconds, less when the worker closes. */
  async #sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined)
  }

  /** Waits `ms` milliseconds, less when the worker is woken or closes. */
  async #sleepUntilWoken(ms: number): Promise<void> {
    if (this.#woken || this.#closing.signal.aborted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      timer.unref()
      this.#interruptSleep = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#interruptSleep = () => undefined
  }
}
