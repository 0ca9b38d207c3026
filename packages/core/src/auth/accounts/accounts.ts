import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { FocusError } from '../../common/errors.ts'
import { accountId } from './account-id.ts'
import type { UserId, UserKey } from '../../common/user-id.ts'
import { refreshedProfile } from './profile-refresh.ts'
import { checkedProfile, type ProfileRules } from './profile-rules.ts'
import {
  accountExists,
  type ExternalAccount,
  type ExternalProfile,
  lastAccount,
  type User,
  type UserDirectory,
} from './user-directory-port.ts'

/** Attempts of a sign-in whose reads are outdated by concurrent writes. */
const attempts = 3

interface AccountSignIn {
  readonly user: User
  readonly created: boolean
}

/**
 * Decides which user an account of a provider belongs to. All rules are here: a directory only stores, and refuses only
 * violations of its unique keys.
 */
export class Accounts {
  readonly #users: UserDirectory
  readonly #rules: ProfileRules

  constructor(users: UserDirectory, rules: ProfileRules) {
    this.#users = users
    this.#rules = rules
  }

  /**
   * Finds or creates the user of a profile: the user of its `(issuer, subject)` (OpenID Connect Core §5.7), the user whose
   * verified e-mail address it proves, or a new user.
   *
   * @throws FocusError `account_exists` when the e-mail address belongs to another user and the profile does not prove it
   * (S13), or when that user has another account of the same issuer (S36); `user_disabled`, `provider_error`
   */
  async signIn(given: ExternalProfile): Promise<AccountSignIn> {
    const profile = checkedProfile(given, this.#rules)
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const known = await this.#users.findByAccount(profile)
      const answer = known ? await this.#returning(known, profile) : await this.#newcomer(profile)
      if (answer) return answer
    }
    throw accountExists()
  }

  /**
   * Links one more account to a user.
   *
   * @throws FocusError `account_linked_elsewhere`, `unknown_user`, `user_disabled`, `provider_error`
   */
  async link(userKey: UserKey, given: ExternalProfile): Promise<User> {
    const profile = checkedProfile(given, this.#rules)
    const user = assertEnabled(await this.#require(this.userId(userKey)))
    await this.#users.linkAccount(user.id, profile)
    return user
  }

  /**
   * Unlinks an account of a user.
   *
   * @param wanted id of the account; null if the user has only one account of the provider
   * @param endSessions ends the sessions that the account started; called before and after the account is unlinked, because a
   * failure in between must leave no session alive, and new sessions may start in between
   * @throws FocusError `last_account`, `not_found`, `account_ambiguous`
   */
  async unlink(
    userKey: UserKey,
    provider: string,
    wanted: string | null,
    endSessions: (account: ExternalAccount) => Promise<unknown>,
  ): Promise<void> {
    const id = this.userId(userKey)
    const accounts = await this.#users.accounts(id)
    const [account, ...others] = accounts.filter(
      (candidate) => candidate.provider === provider && (wanted === null || accountId(candidate) === wanted),
    )
    if (!account) throw new FocusError('not_found', 'No such account of this provider is linked.')
    if (others.length > 0) throw ambiguous()
    if (accounts.length === 1) throw lastAccount()
    await endSessions(account)
    await this.#users.unlinkAccount(id, account)
    await endSessions(account)
  }

  /** Lists the accounts of a user, the oldest first. */
  async list(userKey: UserKey): Promise<ExternalAccount[]> {
    return await this.#users.accounts(this.userId(userKey))
  }

  /** Returns the application's form of a user key. */
  userId(userKey: UserKey): UserId {
    return this.#users.parseId?.(userKey) ?? userKey
  }

  async #require(id: UserId): Promise<User> {
    const user = await this.#users.get(id)
    if (user) return user
    throw new FocusError('unknown_user', 'The user does not exist any more.')
  }

  /** Signs a known user in. Returns null when the account was unlinked in the meantime. */
  async #returning(user: User, profile: ExternalProfile): Promise<AccountSignIn | null> {
    assertEnabled(user)
    const accounts = await this.#users.accounts(user.id)
    if (accounts.length > 0 && !accounts.some((account) => isSame(account, profile))) {
      if (await this.#users.findByAccount(profile)) throw comparesLoosely()
      return null
    }
    const refreshed = refreshedProfile(user, profile, isPrimary(accounts, profile))
    const email = await this.#emailFor(user, refreshed)
    return { user: await this.#users.update(user.id, { ...refreshed, ...email }, user), created: false }
  }

  /** Signs in with an unknown account. Returns null when a concurrent write requires another attempt. */
  async #newcomer(profile: ExternalProfile): Promise<AccountSignIn | null> {
    const namesake = await this.#namesake(profile)
    if (!namesake) return await this.#create(profile)
    // A concurrent sign-in may have created the same account after `findByAccount`.
    if (await this.#users.findByAccount(profile)) return null
    if (!profile.emailVerified) throw accountExists()
    if (!namesake.emailVerified) return (await this.#takeEmail(namesake)) ? await this.#create(profile) : null
    return await this.#linkByEmail(assertEnabled(namesake), profile)
  }

  /** Returns the user with exactly the e-mail address of a profile, even if the directory compares addresses loosely. */
  async #namesake({ email }: Pick<ExternalProfile, 'email'>): Promise<(User & { readonly email: string }) | null> {
    const user = email === null ? null : await this.#users.findByEmail(email)
    return user?.email != null && asciiLowerCase(user.email) === email ? { ...user, email: user.email } : null
  }

  async #create(profile: ExternalProfile): Promise<AccountSignIn | null> {
    try {
      return { user: assertEnabled(await this.#users.create(profile)), created: true }
    } catch (error) {
      const taken = profile.email !== null && (await this.#users.findByEmail(profile.email)) !== null
      if (taken) return null
      throw error
    }
  }

  /**
   * Takes an unverified address from its holder, because another user has verified it (A5). Returns false when the holder
   * verified it in the meantime.
   */
  async #takeEmail(holder: User & { readonly email: string }): Promise<boolean> {
    if (!this.#users.releaseEmail) throw accountExists()
    return await this.#users.releaseEmail(holder.id, holder.email)
  }

  /**
   * Links the account to the user with the same e-mail address, only if the issuer is new for that user: issuers reassign
   * addresses, and the next holder has another subject (A1). An issuer that the user unlinked is not new; otherwise its
   * accounts would link themselves again.
   */
  async #linkByEmail(namesake: User, profile: ExternalProfile): Promise<AccountSignIn | null> {
    const isOther = ({ issuer, subject }: ExternalAccount) => issuer === profile.issuer && subject !== profile.subject
    if ((await this.#users.accounts(namesake.id)).some(isOther)) throw addressReissued(profile)
    if (await this.#users.hadIssuer?.(namesake.id, profile.issuer)) throw accountExists()
    await this.#users.linkAccount(namesake.id, profile)
    // Two subjects of one issuer may link at once. Each reads after its write, so that the later one sees the earlier.
    const accounts = await this.#users.accounts(namesake.id)
    if (accounts.some(isOther)) {
      await this.#users.unlinkAccount(namesake.id, profile)
      throw addressReissued(profile)
    }
    return await this.#returning(namesake, profile)
  }

  /** Returns the wanted address if it is free, and the present address of the user otherwise. */
  async #emailFor(user: User, wanted: ExternalProfile): Promise<Pick<ExternalProfile, 'email' | 'emailVerified'>> {
    const { email, emailVerified } = wanted
    const holder = email === user.email ? null : await this.#namesake(wanted)
    const free =
      !holder ||
      holder.id === user.id ||
      (emailVerified && !holder.emailVerified && this.#users.releaseEmail && (await this.#takeEmail(holder)))
    return free ? { email, emailVerified } : { email: user.email, emailVerified: user.emailVerified }
  }
}

export function assertEnabled(user: User): User {
  if (!user.disabled) return user
  throw new FocusError('user_disabled', 'This user is disabled.', { hint: 'Ask the operator of this service.' })
}

function ambiguous(): FocusError {
  return new FocusError('account_ambiguous', 'Several accounts of this provider are linked.', {
    hint: 'Name one with ?account=<id>; GET /auth/accounts lists the ids.',
  })
}

/** Whether a profile is that of the oldest account. In a directory that lists no accounts, every account is primary. */
function isPrimary([oldest]: readonly ExternalAccount[], profile: ExternalProfile): boolean {
  return oldest === undefined || isSame(oldest, profile)
}

/** The error for a directory that found a user by an account which differs from the requested one (S33). */
function comparesLoosely(): FocusError {
  return new FocusError('internal', 'The user directory found a user who does not have this account.', {
    hint: 'Compare issuer and subject as bytes; on MySQL both columns need a binary collation (docs/accounts.md).',
  })
}

function isSame(account: ExternalAccount, { issuer, subject }: ExternalProfile): boolean {
  return account.issuer === issuer && account.subject === subject
}

function addressReissued({ provider }: ExternalProfile): FocusError {
  return new FocusError(
    'account_exists',
    `This e-mail address belongs to a user with another account of ${provider}.`,
    {
      hint: `Sign in with that account of ${provider}. If the address belonged to another user before you, ask the operator of this service.`,
    },
  )
}
