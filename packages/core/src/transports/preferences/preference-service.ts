import { toUserKey, type UserId } from '../../common/user-id.ts'
import { parsePreferences, type PreferenceMatrix, type PreferenceStore } from './preferences-port.ts'

/** A person's preferences, with what there is to choose from. */
export interface PersonalPreferences {
  /** BCP 47 tag of the language that texts are wanted in; null for the account's. */
  readonly locale: string | null
  /** By topic, then by transport; `*` stands for every topic, and for every transport with the inbox. What is not there is on. */
  readonly preferences: PreferenceMatrix
  readonly topics: readonly string[]
  readonly transports: readonly string[]
}

export interface PreferenceChange {
  readonly locale?: string | null
  /** Replaces all choices. */
  readonly preferences?: PreferenceMatrix
}

/** What people want to be told, and where. */
export class PreferenceService {
  readonly #store: PreferenceStore
  readonly #topics: readonly string[]
  readonly #transports: readonly string[]
  readonly #changed: (userId: UserId) => void

  constructor(deps: {
    readonly store: PreferenceStore
    /** The topics of the catalogue; others can be chosen as well. */
    readonly topics: readonly string[]
    readonly transports: readonly string[]
    /** Told after each change, for what remembers people. */
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

  /**
   * Replaces the choices, the locale, or both.
   *
   * @throws FocusError `invalid_request`
   * @example
   * ```ts
   * await focus.preferences.put(7, { preferences: { limits: { email: false } } })
   * ```
   */
  async put(userId: UserId, change: PreferenceChange): Promise<PersonalPreferences> {
    await this.#store.put(toUserKey(userId), parsePreferences({ ...change }, this.#transports))
    this.#changed(userId)
    return this.get(userId)
  }

  /** Switches one topic on or off at one transport. */
  async set(userId: UserId, event: string, transport: string, enabled: boolean): Promise<void> {
    parsePreferences({ preferences: { [event]: { [transport]: enabled } } }, this.#transports)
    await this.#store.set(toUserKey(userId), event, transport, enabled)
  }
}
