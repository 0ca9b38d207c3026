import { FocusError } from '../errors.ts'
import type { UserId, UserKey } from '../user-id.ts'
import type { ExternalAccount, ExternalProfile, User, UserDirectory } from './types.ts'

/** Which user an account of a provider belongs to. The rules; the users themselves are the directory's. */
export class Accounts {
  readonly #users: UserDirectory

  constructor(users: UserDirectory) {
    this.#users = users
  }

  /**
   * The user of a profile: the one its `(issuer, subject)` belongs to, the one whose verified e-mail it proves, or a new one.
   *
   * @throws FocusError `account_exists` when the e-mail is another user's and nothing proves it the same person (S13),
   * `user_disabled`
   */
  async signIn(profile: ExternalProfile): Promise<{ readonly user: User; readonly created: boolean }> {
    const known = await this.#users.findByAccount(profile)
    if (known) return { user: await this.#users.update(assertEnabled(known).id, profile), created: false }
    const namesake = profile.email === null ? null : await this.#users.findByEmail(profile.email)
    if (!namesake) return { user: assertEnabled(await this.#users.create(profile)), created: true }
    // The same person may have signed in elsewhere between the two reads above.
    const meanwhile = await this.#users.findByAccount(profile)
    if (meanwhile) return { user: assertEnabled(meanwhile), created: false }
    if (!profile.emailVerified || !namesake.emailVerified) throw accountExists()
    await this.#users.linkAccount(assertEnabled(namesake).id, profile)
    return { user: await this.#users.update(namesake.id, profile), created: false }
  }

  /** @throws FocusError `account_linked_elsewhere`, `unknown_user`, `user_disabled` */
  async link(userKey: UserKey, profile: ExternalProfile): Promise<User> {
    const user = assertEnabled(await this.#require(this.userId(userKey)))
    await this.#users.linkAccount(user.id, profile)
    return user
  }

  /** @throws FocusError `last_account`, `not_found` */
  async unlink(userKey: UserKey, provider: string): Promise<void> {
    const id = this.userId(userKey)
    const accounts = await this.#users.accounts(id)
    const linked = accounts.filter((account) => account.provider === provider)
    if (linked.length === 0) throw new FocusError('not_found', 'No account of this provider is linked.')
    if (linked.length === accounts.length) throw lastAccount()
    for (const account of linked) await this.#users.unlinkAccount(id, account)
  }

  async list(userKey: UserKey): Promise<ExternalAccount[]> {
    return await this.#users.accounts(this.userId(userKey))
  }

  /** The application's form of a key. */
  userId(userKey: UserKey): UserId {
    return this.#users.parseId?.(userKey) ?? userKey
  }

  async #require(id: UserId): Promise<User> {
    const user = await this.#users.get(id)
    if (user) return user
    throw new FocusError('unknown_user', 'The user does not exist any more.')
  }
}

export function assertEnabled(user: User): User {
  if (!user.disabled) return user
  throw new FocusError('user_disabled', 'This user is disabled.', { hint: 'Ask the operator of this service.' })
}

export function lastAccount(): FocusError {
  return new FocusError('last_account', 'This is the only account to sign in with.', {
    hint: 'Link another provider first.',
  })
}

function accountExists(): FocusError {
  return new FocusError('account_exists', 'Somebody with this e-mail address is already registered.', {
    hint: 'Sign in the way you did before, then link this provider (POST /auth/{provider}/link).',
  })
}
