import { setTimeout as delay } from 'node:timers/promises'
import { ExitCode, Interruption } from './failure.ts'

/**
 * Milliseconds within which repeated signals count as one: launchers and terminals can pass on one Ctrl-C several
 * times.
 */
const SAME_WISH_MS = 1_000

/**
 * Milliseconds to wait for repeated signals: while a process exits it has no handlers, and a repetition would kill it.
 */
const REPETITION_MS = 150

/** Converts SIGINT and SIGTERM to an abort, so that the command can stop its work. */
export class SignalWatch {
  readonly #controller: AbortController
  #firstAt: number | null = null

  constructor(controller: AbortController) {
    this.#controller = controller
    process.on('SIGINT', () => this.#hear('SIGINT')).on('SIGTERM', () => this.#hear('SIGTERM'))
  }

  /** Resolves when no more repetitions of a signal are expected; immediately without a signal. */
  async settled(): Promise<void> {
    if (this.#firstAt === null) return
    const left = this.#firstAt + REPETITION_MS - performance.now()
    if (left > 0) await delay(left)
  }

  #hear(signal: 'SIGINT' | 'SIGTERM'): void {
    if (this.#firstAt === null) {
      this.#firstAt = performance.now()
      this.#controller.abort(new Interruption(signal))
    } else if (performance.now() - this.#firstAt > SAME_WISH_MS) {
      process.exit(ExitCode.interrupted)
    }
  }
}
