import { GatheredReads } from '../../common/async/gathered-reads.ts'
import type { Session, SessionStore } from './session-store-port.ts'

/** Sessions per query. */
const batch = 500
/** How long a read may wait for concurrent ones. */
const gatherMs = 10
/** Signatures are checked in slices or by a thread pool, with idle turns of the event loop in between. */
const patienceTurns = 16

/** Reads sessions, and combines concurrent reads into one query: after a restart, every token is new to the node. */
export class SessionReads {
  readonly #reads: GatheredReads<string, Session | null>

  constructor(store: Pick<SessionStore, 'find'>) {
    const readMany = async (ids: readonly string[]) => {
      const found = new Map((await store.find([...new Set(ids)])).map((session) => [session.id, session]))
      return ids.map((id) => found.get(id) ?? null)
    }
    this.#reads = new GatheredReads(readMany, { max: batch, maxMs: gatherMs, patienceTurns })
  }

  get(id: string): Promise<Session | null> {
    return this.#reads.read(id)
  }
}
