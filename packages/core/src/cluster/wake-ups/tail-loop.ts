import { WakeablePause } from '../../common/async/wakeable-pause.ts'

/** How long the tail may fail, or not answer, before messages count as lost. */
const awayAfterMs = 1_000
/** More time for an answer that has arrived while the event loop was busy. */
const graceMs = 100
/** Between two turns that failed. */
const retryMs = 200
/** A process that was stopped for this long may have missed rows that were pruned; also the error of its clocks. */
const stalledAfterMs = 45_000

export interface TailLoopParts {
  /** Reads once; returns whether more may wait. */
  readonly turn: () => Promise<boolean>
  /** How long to wait for a wake-up before the next turn, in milliseconds. */
  readonly pauseMs: () => number
  /** Called whenever `flowing` changed, with the error of the turn that failed last. */
  readonly flowChanged: (flowing: boolean, error: unknown) => void
}

/** Runs one turn after another: at once after a wake-up and while more rows wait, otherwise after a pause. */
export class TailLoop {
  readonly #parts: TailLoopParts
  readonly #pause = new WakeablePause()
  #flowing = true
  #active = false
  #running: Promise<void> | null = null
  #woken = false
  #awayTimer: NodeJS.Timeout | null = null
  #error: unknown = null
  #readAt = 0

  constructor(parts: TailLoopParts) {
    this.#parts = parts
  }

  /** False after turns have failed for more than a second. */
  get flowing(): boolean {
    return this.#flowing
  }

  /** Starts or stops the turns. */
  setActive(active: boolean): void {
    this.#active = active
    this.wake()
    if (!active || this.#running) return
    this.#readAt = performance.now()
    this.#running = this.#run().finally(() => {
      this.#running = null
      if (this.#active) this.setActive(true)
    })
  }

  /** Has a turn run at once; one that runs already is followed by another one. */
  wake(): void {
    this.#woken = true
    this.#pause.wake()
  }

  async close(): Promise<void> {
    this.setActive(false)
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#active) {
      this.#woken = false
      const pauseMs = await this.#turn()
      if (this.#active && pauseMs > 0 && !this.#woken) await this.#pause.wait(pauseMs)
    }
    this.#stopWaiting()
  }

  async #turn(): Promise<number> {
    this.#awayTimer ??= this.#expectAnswer()
    try {
      const more = await this.#parts.turn()
      this.#answered()
      return more ? 0 : this.#parts.pauseMs()
    } catch (error) {
      this.#error = error
      return retryMs
    }
  }

  #answered(): void {
    this.#stopWaiting()
    const now = performance.now()
    if (this.#flowing && now - this.#readAt > stalledAfterMs) this.#change(false)
    this.#readAt = now
    if (!this.#flowing) this.#change(true)
    this.#error = null
  }

  #expectAnswer(): NodeJS.Timeout {
    return setTimeout(() => {
      // An answer that waits behind this timer in the event loop is in time.
      this.#awayTimer = setTimeout(() => this.#flowing && this.#change(false), graceMs).unref()
    }, awayAfterMs - graceMs).unref()
  }

  #stopWaiting(): void {
    if (this.#awayTimer) clearTimeout(this.#awayTimer)
    this.#awayTimer = null
  }

  #change(flowing: boolean): void {
    this.#flowing = flowing
    this.#parts.flowChanged(flowing, this.#error)
  }
}
