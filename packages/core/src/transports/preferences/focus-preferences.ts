import type { UserId } from '../../common/user-id.ts'
import type { PreferenceMatrix } from './preferences-port.ts'

/** The preferences of one user, and the topics and transports that they can choose from. */
export interface PersonalPreferences {
  /** BCP 47 tag of the language that the user chose for texts; null for the language of their account. */
  readonly locale: string | null
  /** By topic, then by transport; `*` is every topic, and every transport with the inbox. A missing entry is on. */
  readonly preferences: PreferenceMatrix
  readonly topics: readonly string[]
  readonly transports: readonly string[]
}

/** A change of preferences; an absent field stays unchanged. */
export interface PreferenceChange {
  readonly locale?: string | null
  /** Replaces all choices. */
  readonly preferences?: PreferenceMatrix
}

/**
 * The topics that users want, by transport: `focus.preferences`.
 *
 * @example
 * ```ts
 * await focus.preferences.put(7, { preferences: { limits: { email: false } } })
 * ```
 */
export interface PreferenceService {
  /** Reads the preferences of a user; a user who chose nothing has an empty matrix. */
  get(userId: UserId): Promise<PersonalPreferences>
  /**
   * Replaces the choices, the locale, or both.
   *
   * @throws FocusError `invalid_request`
   */
  put(userId: UserId, change: PreferenceChange): Promise<PersonalPreferences>
  /**
   * Switches one topic on or off at one transport, and leaves the other choices.
   *
   * @throws FocusError `invalid_request`
   */
  set(userId: UserId, event: string, transport: string, enabled: boolean): Promise<void>
}
