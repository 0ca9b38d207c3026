import type { UserId, UserKey } from '../common/user-id.ts'

/** Who a request or a socket speaks for, as a verified access token says. */
export interface Principal {
  readonly userKey: UserKey
  /** The application's form of `userKey`. */
  readonly userId: UserId
  /** Session (refresh-token family) that the token belongs to; null for tokens of another issuer without one. */
  readonly sessionId: string | null
  readonly scopes: readonly string[]
  /** When the token ends, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** The person of a request, as `requireUser` of an adapter puts it on the host's request. */
export interface AuthenticatedUser {
  readonly id: UserId
  readonly sessionId: string | null
  readonly scopes: readonly string[]
  /** When the access token ends, in milliseconds since 1970. */
  readonly expiresAt: number
}

/** Port: turns an access token into the person it speaks for. */
export interface TokenVerifier {
  /** @throws FocusError `invalid_token`, `token_expired`, `session_revoked` */
  verify(token: string): Promise<Principal>
  /** What a token says that was verified before and is still good; null for any other, without a look at it. */
  known?(token: string): Principal | null
}

/**
 * Sessions that ended: by logout, by revocation, by reuse of a refresh token, because the user was disabled, because the
 * account they were started with was unlinked, or because the same user signed in again in the same browser.
 */
export interface SessionEnd {
  readonly userKey: UserKey
  /** One session; null for all of the user's. */
  readonly sessionId: string | null
  readonly reason: 'logout' | 'logout_all' | 'reuse' | 'revoked' | 'user_disabled' | 'unlinked' | 'replaced'
}

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
   * When the user came to be, in milliseconds since 1970. A directory that knows it keeps broadcasts that are older than the
   * person out of their inbox.
   */
  readonly createdAt?: number
}

/**
 * What a provider says of the user who signed in; every field beyond `issuer` and `subject` may be absent. A provider gives
 * the texts as they came: they are folded, cut and checked in one place before a directory sees them.
 */
export interface ExternalProfile {
  readonly provider: string
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  /** True only when the provider said so with a boolean, and is trusted to (S13). */
  readonly emailVerified: boolean
  readonly fullName: string | null
  readonly givenName: string | null
  readonly familyName?: string | null
  readonly avatarUrl: string | null
  readonly preferredUsername: string | null
  readonly locale: string | null
}

export interface ExternalAccount {
  readonly issuer: string
  readonly subject: string
  readonly provider: string
}

/**
 * Port: an application's users table. The default keeps them in `focus_users`; an application with a table of its own
 * implements these few methods over it.
 *
 * Focus decides who a sign-in belongs to and which values a user has; a directory stores them. It must compare issuers,
 * subjects and addresses as bytes, in its queries and in its unique keys. Addresses reach it with A to Z in lower case.
 */
export interface UserDirectory {
  /** Between the ids of this directory and the strings that Focus keeps; ids are strings when absent. */
  readonly parseId?: (key: UserKey) => UserId
  get(id: UserId): Promise<User | null>
  /**
   * Several users at once, those that exist; sessions of removed and disabled users then end within seconds for any number
   * of users. Without it, `get` is called for a few users at a time.
   */
  getMany?(ids: readonly UserId[]): Promise<readonly User[]>
  /** Null also when the account is there and its user is not. */
  findByAccount(account: Pick<ExternalAccount, 'issuer' | 'subject'>): Promise<User | null>
  findByEmail(email: string): Promise<User | null>
  /** For operators: by username. */
  findByUsername(username: string): Promise<User | null>
  /**
   * Makes the user and its first account in one step. When another call made the same account meanwhile, that call's user
   * is returned (S14). An account whose user was deleted is taken over; any error will do when the e-mail is taken.
   */
  create(profile: ExternalProfile): Promise<User>
  /**
   * Takes an address away from a user who has not proven it, because another user has (A5): in one conditional update, so
   * that a user who proved it meanwhile keeps it. Without this method an unproven address stays its first holder's, and
   * the other user is refused with `account_exists`.
   *
   * @returns false when the user has proven the address
   */
  releaseEmail?(id: UserId, email: string): Promise<boolean>
  /** @throws FocusError `account_linked_elsewhere` */
  linkAccount(id: UserId, profile: ExternalProfile): Promise<void>
  /**
   * A directory that can, refuses to take a person's last account away also when two are taken at once.
   *
   * @throws FocusError `last_account`
   */
  unlinkAccount(id: UserId, account: Pick<ExternalAccount, 'issuer' | 'subject'>): Promise<void>
  /** The oldest first: it is the primary account, which refreshes the profile (A7). */
  accounts(id: UserId): Promise<ExternalAccount[]>
  /**
   * Whether an account of the issuer was unlinked from the user before; an e-mail alone then links none of its accounts
   * again (A1). Without this method, only the accounts that the user has count.
   */
  hadIssuer?(id: UserId, issuer: string): Promise<boolean>
  /**
   * Stores how the user is to look after a sign-in with an account: fields that the sign-in has no say in hold what the
   * user has already. An e-mail that another user took meanwhile leaves the address as it is.
   *
   * @param seen the user that the values were chosen for. `email` and `emailVerified` are stored together, in one conditional
   * update, and only while the row still has those of `seen`: two sign-ins at once would otherwise give one's address the
   * other's proof.
   */
  update(id: UserId, profile: ExternalProfile, seen: User): Promise<User>
  setDisabled(id: UserId, disabled: boolean): Promise<void>
  list(query: { limit: number; after?: UserId; search?: string }): Promise<User[]>
}
