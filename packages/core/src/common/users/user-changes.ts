import { toUserKey, type UserId, type UserKey } from '../user-id.ts'

/** Tells the parts of this node, and through the broker the other nodes, that what they remember of a user is out of date. */
export class UserChanges {
  readonly #listeners = new Set<(userKey: UserKey) => void>()
  #tellOthers: (userKey: UserKey) => void = () => undefined

  /** Calls `listener` after each change, on whatever node it was made. */
  onChange(listener: (userKey: UserKey) => void): void {
    this.#listeners.add(listener)
  }

  /** Passes the changes that this node makes to the other nodes. */
  connect(tellOthers: (userKey: UserKey) => void): void {
    this.#tellOthers = tellOthers
  }

  /** Call it after this node changed a user. */
  announce(id: UserId): void {
    const userKey = toUserKey(id)
    this.hear(userKey)
    this.#tellOthers(userKey)
  }

  /** Call it when another node announced a change. */
  hear(userKey: UserKey): void {
    for (const listener of this.#listeners) listener(userKey)
  }
}
