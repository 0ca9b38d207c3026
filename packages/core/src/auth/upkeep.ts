import type { Runtime } from '../common/runtime.ts'

export interface UpkeepTask {
  readonly name: string
  readonly everyMs: number
  /** @param lastRunAt when the last run that succeeded began, in milliseconds since 1970 */
  run(lastRunAt: number): Promise<unknown>
}

/** Background work at intervals: one run of a task at a time, failures logged, nothing left running after `close`. */
export class Upkeep {
  readonly #runtime: Runtime
  readonly #tasks: readonly UpkeepTask[]
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #running = new Set<Promise<void>>()
  #closed = false

  constructor(runtime: Runtime, tasks: readonly UpkeepTask[]) {
    this.#runtime = runtime
    this.#tasks = tasks
  }

  start(): void {
    for (const task of this.#tasks) this.#schedule(task, this.#runtime.clock())
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    await Promise.all(this.#running)
  }

  #schedule(task: UpkeepTask, lastRunAt: number): void {
    if (this.#closed) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      const run = this.#run(task, lastRunAt)
      this.#running.add(run)
      void run.finally(() => this.#running.delete(run))
    }, task.everyMs)
    timer.unref()
    this.#timers.add(timer)
  }

  async #run(task: UpkeepTask, lastRunAt: number): Promise<void> {
    const begunAt = this.#runtime.clock()
    try {
      await task.run(lastRunAt)
      this.#schedule(task, begunAt)
    } catch (error) {
      this.#runtime.logger.warn(`Upkeep failed: ${task.name}`, { error })
      this.#schedule(task, lastRunAt)
    }
  }
}
