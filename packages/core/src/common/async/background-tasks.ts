import type { Runtime } from '../runtime.ts'

export interface BackgroundTask {
  readonly name: string
  readonly everyMs: number
  /** @param lastRunAt start of the last successful run, in milliseconds since 1970; the start of the tasks before the first run */
  run(lastRunAt: number): Promise<unknown>
}

/** Runs tasks at intervals: one run of a task at a time; failures are logged and the task runs again; `close` waits for running tasks. */
export class BackgroundTasks {
  readonly #runtime: Runtime
  readonly #tasks: readonly BackgroundTask[]
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #running = new Set<Promise<void>>()
  #closed = false

  constructor(runtime: Runtime, tasks: readonly BackgroundTask[]) {
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

  #schedule(task: BackgroundTask, lastRunAt: number): void {
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

  async #run(task: BackgroundTask, lastRunAt: number): Promise<void> {
    const startedAt = this.#runtime.clock()
    try {
      await task.run(lastRunAt)
      this.#schedule(task, startedAt)
    } catch (error) {
      this.#runtime.logger.warn(`Background task failed: ${task.name}`, { error })
      this.#schedule(task, lastRunAt)
    }
  }
}
