import type { Runtime } from '../../common/runtime.ts'
import type { SessionEnd } from '../ports.ts'
import type { SessionStore } from './session-store-port.ts'

/** @param here whether this node ended the session and has to announce it to the others */
export type SessionEndListener = (end: SessionEnd, here: boolean) => void

/** Overlap of two reads, because clocks of nodes differ and commits arrive late. */
const overlapMs = 60_000

/**
 * The sessions that ended within the lifetime of an access token, in the memory of every node, so that a verified token costs
 * no query and is still revoked with its session (S23). Loaded from the database at start and at an interval, and updated by
 * announcements of other nodes.
 */
export class EndedSessions {
  readonly #store: SessionStore
  readonly #runtime: Runtime
  readonly #keepMs: number
  readonly #endedAt = new Map<string, number>()
  readonly #listeners = new Set<SessionEndListener>()

  /** @param keepMs how long an access token may outlive its session: its time to live and the clock skew */
  constructor(store: SessionStore, runtime: Runtime, keepMs: number) {
    this.#store = store
    this.#runtime = runtime
    this.#keepMs = keepMs
  }

  has(sessionId: string): boolean {
    return this.#endedAt.has(sessionId)
  }

  /** Calls a listener once for every session that ends on any node. Returns a function that removes the listener. */
  onEnded(listener: SessionEndListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Records a session that this node ended, and calls the listeners. */
  add(end: SessionEnd): void {
    this.#note(end, this.#runtime.clock(), true)
  }

  /** Records a session end that another node announced; a known one is ignored. */
  hear(end: SessionEnd): void {
    this.#note(end, this.#runtime.clock(), false)
  }

  /** Reads ended sessions from the database: all that still matter when `since` is absent. */
  async load(since: number = this.#runtime.clock() - this.#keepMs): Promise<void> {
    for (const { endedAt, ...end } of await this.#store.endedAfter(since)) this.#note(end, endedAt, false)
    const forgetBefore = this.#runtime.clock() - this.#keepMs - overlapMs
    for (const [id, endedAt] of this.#endedAt) if (endedAt < forgetBefore) this.#endedAt.delete(id)
  }

  /** Reads the sessions that other nodes may have ended since the last read. */
  async heal(lastReadAt: number): Promise<void> {
    // After a clock was set back, tokens are valid again whose session ends were already dropped as too old.
    const setBack = this.#runtime.clock() < lastReadAt
    await this.load(setBack ? undefined : lastReadAt - overlapMs)
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
