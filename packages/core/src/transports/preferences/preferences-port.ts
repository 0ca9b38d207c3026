import type { UserKey } from '../../common/user-id.ts'

/** The choices of a user by topic, then by transport. A missing entry is on. */
export type PreferenceMatrix = Readonly<Record<string, Readonly<Record<string, boolean>>>>

/** The preferences of a user. */
export interface Preferences {
  /** BCP 47 tag of the language that the user chose for texts; null for the language of their account. */
  readonly locale: string | null
  readonly matrix: PreferenceMatrix
}

/** Port: the store of preferences. */
export interface PreferenceStore {
  get(userKey: UserKey): Promise<Preferences>
  /** Replaces the fields that are given. */
  put(userKey: UserKey, change: Partial<Preferences>): Promise<void>
  /** Sets one entry and leaves the others. */
  set(userKey: UserKey, event: string, transport: string, enabled: boolean): Promise<void>
  /** Returns the matrices of those users who made a choice. */
  matrices(userKeys: readonly UserKey[]): Promise<ReadonlyMap<UserKey, PreferenceMatrix>>
}

/** Every topic; as a transport: every transport, and the inbox. */
export const wildcard = '*'

/**
 * Returns whether a user wants a topic at a transport. The most specific choice counts: topic and transport, then the topic, then the
 * transport, then everything.
 */
export function isWanted(matrix: PreferenceMatrix | undefined, topic: string | null, transport: string): boolean {
  if (matrix === undefined) return true
  const row = topic === null ? undefined : matrix[topic]
  const everyTopic = matrix[wildcard]
  return row?.[transport] ?? row?.[wildcard] ?? everyTopic?.[transport] ?? everyTopic?.[wildcard] ?? true
}

/** Returns whether a user switched a topic off completely, the inbox included. */
export function isMuted(matrix: PreferenceMatrix | undefined, topic: string | null): boolean {
  const row = topic === null ? undefined : matrix?.[topic]
  return (row?.[wildcard] ?? matrix?.[wildcard]?.[wildcard]) === false
}
