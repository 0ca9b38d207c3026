import type { Connection } from './connection.ts'
import { type CloseCode, closeCodes } from '../protocol/close-codes.ts'
import type { ConnectionRegistry } from './connection-registry.ts'

const stepMs = 20

export interface DrainDeps {
  readonly registry: ConnectionRegistry
  readonly now: () => number
  readonly end: (connection: Connection, code: CloseCode) => void
}

/**
 * Sends all clients elsewhere: each is told when, and is closed then with 1012, spread evenly over the window so that they
 * do not arrive at the next node together. What is left `graceMs` after the window is cut.
 */
export class Drain {
  readonly #deps: DrainDeps
  #timer: NodeJS.Timeout | null = null
  #pending: { connection: Connection; at: number }[] = []
  #cutAt = Number.POSITIVE_INFINITY
  #finished: Promise<void> | null = null
  #finish: () => void = () => undefined

  constructor(deps: DrainDeps) {
    this.#deps = deps
  }

  get begun(): boolean {
    return this.#finished !== null
  }

  /** Resolves when no connection is left. A further call can only hurry it. */
  start(windowMs: number, graceMs: number): Promise<void> {
    const now = this.#deps.now()
    this.#finished ??= new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#cutAt = Math.min(this.#cutAt, now + windowMs + graceMs)
    this.#schedule(now, windowMs)
    this.#timer ??= setInterval(() => this.#step(), stepMs)
    this.#step()
    return this.#finished
  }

  #schedule(now: number, windowMs: number): void {
    const { connections } = this.#deps.registry
    const share = windowMs / Math.max(1, connections.length)
    this.#pending = connections.map((connection, index) => ({ connection, at: now + Math.floor(index * share) }))
    for (const { connection, at } of this.#pending) {
      if (connection.live) connection.send({ type: 'reconnect', after_ms: at - now })
    }
  }

  #step(): void {
    const now = this.#deps.now()
    const due = this.#pending.findIndex(({ at }) => at > now)
    const closing = this.#pending.splice(0, due < 0 ? this.#pending.length : due)
    for (const { connection } of closing) this.#deps.end(connection, closeCodes.restart)
    const { connections } = this.#deps.registry
    if (now >= this.#cutAt) for (const connection of connections.slice()) connection.peer.terminate()
    if (connections.length > 0) return
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    this.#finish()
  }
}
