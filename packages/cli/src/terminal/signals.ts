import { setTimeout as delay } from 'node:timers/promises'
import { ExitCode, Interruption } from './failure.ts'

/** Launchers and terminals pass one Ctrl-C on several times; what comes within this time is the same wish. */
const SAME_WISH_MS = 1_000

/** A process that ends is deaf for its last moments, and a repetition would then kill it: it waits this long for them. */
const REPETITION_MS = 150

/** Turns SIGINT and SIGTERM into an abort, so that the command ends what it has under way. */
export class SignalWatch {
  readonly #controller: AbortController
  #firstAt: number | null = null

  constructor(controller: AbortController) {
    this.#controller = controller
    process.on('SIGINT', () => this.#hear('SIGINT')).on('SIGTERM', () => this.#hear('SIGTERM'))
  }

  /** Resolves when the repetitions of a signal have come; at once where there was none. */
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
