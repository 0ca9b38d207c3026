import type { HubState } from '../hub-state.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { Connection } from './connection.ts'

const stepMs = 20
/** Time after the window for closing handshakes; connections that are left then are cut. */
const goodbyeMs = 1_000

/**
 * Sends all clients to other nodes. Each client is told when its connection will close, and it is closed then with 1012; the
 * times are spread evenly over a window, so that the clients do not all reach the next node together.
 */
export class Drain {
  readonly #state: HubState
  #timer: NodeJS.Timeout | null = null
  #pending: { connection: Connection; at: number }[] = []
  #cutAt = Number.POSITIVE_INFINITY
  #finished: Promise<void> | null = null
  #finish: () => void = () => undefined

  constructor(state: HubState) {
    this.#state = state
  }

  /** Resolves when no connection is left. A further call replaces the window, and never delays the end. */
  start(windowMs: number): Promise<void> {
    const now = this.#state.now()
    this.#state.draining = true
    this.#finished ??= new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#cutAt = Math.min(this.#cutAt, now + windowMs + goodbyeMs)
    this.#schedule(now, windowMs)
    this.#timer ??= setInterval(() => this.#step(), stepMs)
    this.#step()
    return this.#finished
  }

  #schedule(now: number, windowMs: number): void {
    const { registry, debug } = this.#state
    const { connections } = registry
    debug('drain started', { connections: connections.length, windowMs })
    const share = windowMs / Math.max(1, connections.length)
    this.#pending = connections.map((connection, index) => ({ connection, at: now + Math.floor(index * share) }))
    for (const { connection, at } of this.#pending) {
      if (connection.live) connection.send({ type: 'reconnect', after_ms: at - now })
    }
  }

  #step(): void {
    const now = this.#state.now()
    const notDue = this.#pending.findIndex(({ at }) => at > now)
    const due = this.#pending.splice(0, notDue < 0 ? this.#pending.length : notDue)
    for (const { connection } of due) this.#state.end(connection, closeCodes.restart)
    const { connections } = this.#state.registry
    if (now >= this.#cutAt) for (const connection of connections.slice()) connection.peer.terminate()
    if (connections.length > 0) return
    if (this.#timer) {
      clearInterval(this.#timer)
      this.#state.debug('drain finished')
    }
    this.#timer = null
    this.#finish()
  }
}
