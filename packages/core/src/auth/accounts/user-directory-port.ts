import { FocusError } from '../../common/errors.ts'
import type { UserId, UserKey } from '../../common/user-id.ts'

/** A user of the application, as a `UserDirectory` returns it. */
export interface User {
  readonly id: UserId
  readonly username: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly fullName: string | null
  readonly avatarUrl: string | null
  /** BCP 47 tag, such as `fr`; null where unknown. */
  readonly locale: string | null
  readonly disabled: boolean
  /**
   * When the user was created, in milliseconds since 1970. With it, broadcasts that are older than the user stay out of the
   * user's inbox.
   */
  readonly createdAt?: number
}

/**
 * The profile of the user who signed in, as the provider reports it. Every field except `issuer` and `subject` may be absent. A provider
 * passes the texts on unchanged; one place normalizes, shortens and checks them before a directory receives them.
 */
export interface ExternalProfile {
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  /** True only when the provider sent the boolean `true` and is trusted to (S13). */
  readonly emailVerified: boolean
  readonly fullName: string | null
  readonly givenName: string | null
  readonly familyName?: string | null
  readonly avatarUrl: string | null
  readonly preferredUsername: string | null
  readonly locale: string | null
}

/** An account of a provider that a user signs in with. `issuer` and `subject` identify it (OpenID Connect Core §5.7). */
export interface ExternalAccount {
  readonly issuer: string
  readonly subject: string
  readonly provider: string
}

/** The identifier of an account at its provider (S12). */
export type AccountKey = Pick<ExternalAccount, 'issuer' | 'subject'>

/**
 * Port: the users table of an application. The default implementation keeps users in `focus_users`; an application with its
 * own table implements these methods over it.
 *
 * Focus decides which user a sign-in belongs to and which values the user gets; the directory stores them. It must compare
 * issuers, subjects and addresses as bytes, in its queries and in its unique keys. Addresses arrive with A to Z in lower case.
 */
export interface UserDirectory {
  /** Converts the strings that Focus stores to the ids of this directory; ids are strings when absent. */
  readonly parseId?: (key: UserKey) => UserId
  get(id: UserId): Promise<User | null>
  /**
   * Returns the existing users among the given ids, at most 500. With this method, sessions of removed and disabled users end
   * within seconds for any number of users, and concurrent look-ups of recipients share a call, which may take up to 10 seconds;
   * without it, Focus calls `get` for a few users at a time.
   */
  getMany?(ids: readonly UserId[]): Promise<readonly User[]>
  /** Returns null for an unknown account, and for an account whose user does not exist. */
  findByAccount(account: AccountKey): Promise<User | null>
  findByEmail(email: string): Promise<User | null>
  /** Serves operators, who may name a user by the username. */
  findByUsername(username: string): Promise<User | null>
  /**
   * Creates the user and its first account in one step. Returns the user of a concurrent call that created the same account
   * (S14). Takes over an account whose user was deleted. May throw any error when the e-mail address is taken.
   */
  create(profile: ExternalProfile): Promise<User>
  /**
   * Removes an unverified address from a user because another user has verified it (A5), in one conditional update, so that
   * a user who verifies it at the same time keeps it. Without this method, an unverified address stays with its first
   * holder, and the other user is refused with `account_exists`.
   *
   * @returns false when the user has verified the address
   */
  releaseEmail?(id: UserId, email: string): Promise<boolean>
  /** @throws FocusError `account_linked_elsewhere` */
  linkAccount(id: UserId, profile: ExternalProfile): Promise<void>
  /**
   * Removes an account. A directory that can do so also refuses to remove the last account when two calls run at once.
   *
   * @throws FocusError `last_account`
   */
  unlinkAccount(id: UserId, account: AccountKey): Promise<void>
  /** Returns the accounts, the oldest first: the oldest is the primary account, which refreshes the profile (A7). */
  accounts(id: UserId): Promise<ExternalAccount[]>
  /**
   * Returns whether an account of the issuer was unlinked from the user before; the e-mail address alone then links no
   * account of that issuer (A1). Without this method, only the linked accounts count.
   */
  hadIssuer?(id: UserId, issuer: string): Promise<boolean>
  /**
   * Stores the values of a user after a sign-in; fields that the sign-in does not change hold the present values. When
   * another user has taken the e-mail address in the meantime, the address stays unchanged.
   *
   * @param seen the user that the values were computed from. `email` and `emailVerified` are stored together, in one
   * conditional update, and only while the row still has those of `seen`: two concurrent sign-ins could otherwise combine the
   * address of one with the verification of the other.
   */
  update(id: UserId, profile: ExternalProfile, seen: User): Promise<User>
  setDisabled(id: UserId, disabled: boolean): Promise<void>
  list(query: { limit: number; after?: UserId; search?: string }): Promise<User[]>
}

/** The error for an e-mail address that another user has. */
export function accountExists(): FocusError {
  return new FocusError('account_exists', 'Another user is already registered with this e-mail address.', {
    hint: 'Sign in the way you did before, then link this provider (POST /auth/{provider}/link).',
  })
}

/** The error for removing the only account of a user. */
export function lastAccount(): FocusError {
  return new FocusError('last_account', 'This is the only account to sign in with.', {
    hint: 'Link another provider first.',
  })
}
