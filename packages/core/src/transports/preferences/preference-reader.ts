import type { UserKey } from '../../common/user-id.ts'
import type { PreferenceMatrix, PreferenceStore } from './preferences-port.ts'

/**
 * Reads the preferences of many users with few queries: all reads of one turn of the event loop become one query. Nothing is
 * cached, because a choice must apply immediately.
 */
export class PreferenceReader {
  readonly #store: PreferenceStore
  #waiting: Set<UserKey> | null = null
  #batch: Promise<ReadonlyMap<UserKey, PreferenceMatrix>> | null = null

  constructor(store: PreferenceStore) {
    this.#store = store
  }

  /** Resolves with undefined for a user who made no choice. */
  async matrixOf(userKey: UserKey): Promise<PreferenceMatrix | undefined> {
    if (this.#waiting === null || this.#batch === null) {
      this.#waiting = new Set()
      this.#batch = this.#readSoon(this.#waiting)
    }
    this.#waiting.add(userKey)
    return (await this.#batch).get(userKey)
  }

  async #readSoon(waiting: ReadonlySet<UserKey>): Promise<ReadonlyMap<UserKey, PreferenceMatrix>> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#waiting = null
    return this.#store.matrices([...waiting])
  }
}
