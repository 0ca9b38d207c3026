/**
 * How an application names its users: a number with Focus' own directory, whatever the application's directory says
 * otherwise.
 */
export type UserId = number | string

/**
 * The one form of a user id inside Focus: a string that is compared byte by byte, in the database, in tokens (`sub`) and
 * in the hub. `UserIdCodec` turns it into the application's form at the edges.
 */
export type UserKey = string

/** Between the application's user ids and the strings that Focus keeps. */
export interface UserIdCodec {
  /** The application's form of a key, as it goes on the wire (`user_id`). */
  fromKey(key: UserKey): UserId
}

export const numericUserIds: UserIdCodec = { fromKey: Number }
export const stringUserIds: UserIdCodec = { fromKey: (key) => key }

export function toUserKey(id: UserId): UserKey {
  return String(id)
}
