import { toUserKey, type UserId } from '../../common/user-id.ts'
import type { PersonalPreferences, PreferenceChange, PreferenceService } from './focus-preferences.ts'
import { parsePreferences } from './parse-preferences.ts'
import type { PreferenceStore } from './preferences-port.ts'

/** Reads and writes the preferences of users in the database. */
export class StoredPreferences implements PreferenceService {
  readonly #store: PreferenceStore
  readonly #topics: readonly string[]
  readonly #transports: readonly string[]
  readonly #changed: (userId: UserId) => void

  constructor(deps: {
    readonly store: PreferenceStore
    /** The topics of the catalogue; others can be chosen as well. */
    readonly topics: readonly string[]
    readonly transports: readonly string[]
    /** Called after each change, for caches of users. */
    readonly changed?: (userId: UserId) => void
  }) {
    this.#store = deps.store
    this.#topics = deps.topics
    this.#transports = deps.transports
    this.#changed = deps.changed ?? (() => undefined)
  }

  async get(userId: UserId): Promise<PersonalPreferences> {
    const { locale, matrix } = await this.#store.get(toUserKey(userId))
    return { locale, preferences: matrix, topics: this.#topics, transports: this.#transports }
  }

  async put(userId: UserId, change: PreferenceChange): Promise<PersonalPreferences> {
    await this.#store.put(toUserKey(userId), parsePreferences({ ...change }, this.#transports))
    this.#changed(userId)
    return this.get(userId)
  }

  async set(userId: UserId, event: string, transport: string, enabled: boolean): Promise<void> {
    parsePreferences({ preferences: { [event]: { [transport]: enabled } } }, this.#transports)
    await this.#store.set(toUserKey(userId), event, transport, enabled)
    this.#changed(userId)
  }
}
