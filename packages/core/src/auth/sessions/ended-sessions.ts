import type { Runtime } from '../../common/runtime.ts'
import type { SessionEnd } from '../ports.ts'
import type { SessionStore } from './session-store-port.ts'

/** @param here whether the session was ended by this node, which the others then have to hear */
export type SessionEndListener = (end: SessionEnd, here: boolean) => void

/** Re-reads overlap by this much, because clocks of nodes differ and commits arrive late. */
const overlapMs = 60_000

/**
 * The sessions that ended within the last life of an access token. Kept in memory on every node, so that a verified token
 * costs no query and still dies (S23): filled from the database at start and at an interval, and told of ends as they happen.
 */
export class EndedSessions {
  readonly #store: SessionStore
  readonly #runtime: Runtime
  readonly #keepMs: number
  readonly #endedAt = new Map<string, number>()
  readonly #listeners = new Set<SessionEndListener>()

  /** @param keepMs the longest that an access token may outlive its session: its time to live and the clock skew */
  constructor(store: SessionStore, runtime: Runtime, keepMs: number) {
    this.#store = store
    this.#runtime = runtime
    this.#keepMs = keepMs
  }

  has(sessionId: string): boolean {
    return this.#endedAt.has(sessionId)
  }

  /** Called once for every session that ends, on this node or elsewhere. Returns what takes the listener away. */
  onEnded(listener: SessionEndListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Notes an end that this node made, and tells the listeners. */
  add(end: SessionEnd): void {
    this.#note(end, this.#runtime.clock(), true)
  }

  /** Notes an end that another node told of; one that is known already is no news. */
  hear(end: SessionEnd): void {
    this.#note(end, this.#runtime.clock(), false)
  }

  /** Reads what ended, everything that matters at start and the recent ones later. */
  async load(since: number = this.#runtime.clock() - this.#keepMs): Promise<void> {
    for (const { endedAt, ...end } of await this.#store.endedAfter(since)) this.#note(end, endedAt, false)
    const forgetBefore = this.#runtime.clock() - this.#keepMs - overlapMs
    for (const [id, endedAt] of this.#endedAt) if (endedAt < forgetBefore) this.#endedAt.delete(id)
  }

  /** What may have ended elsewhere since the last look. */
  async heal(lastLookAt: number): Promise<void> {
    // A clock that was set back brings tokens to life again whose sessions' ends were forgotten as too old to matter.
    const setBack = this.#runtime.clock() < lastLookAt
    await this.load(setBack ? undefined : lastLookAt - overlapMs)
  }

  #note(end: SessionEnd, endedAt: number, here: boolean): void {
    if (end.sessionId === null || this.#endedAt.has(end.sessionId)) return
    this.#endedAt.set(end.sessionId, endedAt)
    for (const listener of this.#listeners) {
      try {
        listener(end, here)
      } catch (error) {
        this.#runtime.logger.error('A listener of ended sessions failed', { error })
      }
    }
  }
}
