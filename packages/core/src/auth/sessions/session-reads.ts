import { GatheredReads } from '../../common/async/gathered-reads.ts'
import type { Session, SessionStore } from './session-store-port.ts'

/** Sessions per query. */
const batch = 500
/** How long one who asks may wait for others that ask at the same time. */
const gatherMs = 10
/** Signatures are checked by a pool of threads, whose answers come one by one, with idle turns in between. */
const patienceTurns = 16

/** Reads sessions, those that are asked for at the same time together: after a restart every token is seen for the first time. */
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
