import type { SqliteConnection } from '../sqlite-connection.ts'

/** Looks at the `data_version` of a connection, which changes when another connection has committed to the file. */
export class DataVersionWatch {
  readonly #connection: SqliteConnection
  readonly #committed: () => void
  #timer: NodeJS.Timeout | null = null

  /** @param committed called after commits of other connections */
  constructor(connection: SqliteConnection, committed: () => void) {
    this.#connection = connection
    this.#committed = committed
  }

  /** Looks every `intervalMs` milliseconds from now on. */
  start(intervalMs: number): void {
    this.stop()
    // The first look must not fail: it would end the request to watch, and so every later look.
    let known = this.#versionIfReadable()
    this.#timer = setInterval(() => {
      try {
        const current = this.#version()
        if (current === known) return
        known = current
      } catch {
        // The next statement reports what is wrong with the file. Until then, report a commit, so that none is missed.
      }
      this.#committed()
    }, intervalMs)
    this.#timer.unref()
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #versionIfReadable(): unknown {
    try {
      return this.#version()
    } catch {
      return undefined
    }
  }

  #version(): unknown {
    return this.#connection.pragma('data_version', { simple: true })
  }
}
