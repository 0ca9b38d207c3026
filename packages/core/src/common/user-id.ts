/** Identifier of a user in the application: a number with Focus' own user table, or whatever the application's uses. */
export type UserId = number | string

/**
 * The form of a user id inside Focus: a string that is compared byte by byte in the database, in tokens (`sub`) and in the
 * hub. `UserIdCodec` converts it to the application's form at the edges.
 */
export type UserKey = string

/** Converts Focus' user keys to the application's user ids. */
export interface UserIdCodec {
  /** Returns the application's form of a key, as `user_id` on the wire. */
  fromKey(key: UserKey): UserId
}

export const numericUserIds: UserIdCodec = { fromKey: Number }
export const stringUserIds: UserIdCodec = { fromKey: (key) => key }

export function toUserKey(id: UserId): UserKey {
  return String(id)
}
