import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { FocusError } from '../../common/errors.ts'
import { toUserKey, type UserId, type UserKey } from '../../common/user-id.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { User, UserDirectory } from './user-directory-port.ts'

/** The users of the directory, for operators and routes. */
export class Users {
  readonly #directory: UserDirectory
  readonly #sessions: Sessions

  constructor(directory: UserDirectory, sessions: Sessions) {
    this.#directory = directory
    this.#sessions = sessions
  }

  async get(id: UserId): Promise<User | null> {
    return await this.#directory.get(id)
  }

  /** Returns the user of a key, such as the `sub` of a token. */
  async byKey(key: UserKey): Promise<User | null> {
    return await this.#directory.get(this.#directory.parseId?.(key) ?? key)
  }

  /**
   * Returns the user that a token of another issuer names.
   *
   * @throws FocusError `unknown_user`
   */
  async ofForeignToken(key: UserKey): Promise<User> {
    const user = await this.byKey(key)
    if (user) return user
    throw new FocusError('unknown_user', 'The user of this token does not exist any more.')
  }

  /**
   * Finds a user by an id, a verified e-mail address or a username, as an operator types it. An unverified address finds no
   * user, because users can enter the addresses of others.
   */
  async resolve(reference: string): Promise<User | null> {
    const text = reference.trim()
    if (text === '') return null
    return (
      (await this.byKey(text)) ?? verified(await this.#byEmail(text)) ?? (await this.#directory.findByUsername(text))
    )
  }

  /**
   * Finds a user as `resolve` does.
   *
   * @throws FocusError `unknown_user`
   */
  async require(reference: string): Promise<User> {
    const user = await this.resolve(reference)
    if (user) return user
    if (await this.#byEmail(reference.trim())) {
      throw new FocusError('unknown_user', 'The e-mail address is not verified.', {
        hint: 'Use the id or the username of the user instead; `focus users list` shows them.',
      })
    }
    throw new FocusError('unknown_user', 'There is no such user.', {
      hint: 'Use an id, a username or an e-mail address; `focus users list` shows them.',
    })
  }

  /** Lists users in the order of their ids, at most `limit` after the id `after`. */
  async list(query: { readonly limit: number; readonly after?: UserId; readonly search?: string }): Promise<User[]> {
    return await this.#directory.list(query)
  }

  /** Disables a user and ends all their sessions, or enables the user again. */
  async setDisabled(id: UserId, disabled: boolean): Promise<void> {
    await this.#directory.setDisabled(id, disabled)
    if (disabled) await this.#sessions.endAll(toUserKey(id), 'user_disabled')
  }

  async #byEmail(text: string): Promise<User | null> {
    return text.includes('@') ? await this.#directory.findByEmail(asciiLowerCase(text)) : null
  }
}

function verified(user: User | null): User | null {
  return user?.emailVerified ? user : null
}
