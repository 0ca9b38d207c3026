import { randomInt } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import {
  accountExists,
  type AccountKey,
  type ExternalAccount,
  type ExternalProfile,
  lastAccount,
  type User,
  type UserDirectory,
} from '../../auth/accounts/user-directory-port.ts'
import { suggestUsername } from '../../common/text/username.ts'
import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { FocusError } from '../../common/errors.ts'
import type { Clock } from '../../common/runtime.ts'
import { toUserKey, type UserId, type UserKey } from '../../common/user-id.ts'
import { insertAccount, rememberUnlinked } from './account-rows.ts'
import type { Database } from '../database.ts'
import { insertedId, lockRows } from '../dialect-statements.ts'
import { DuplicateKeyError } from '../dialects/storage-error.ts'
import { KeyedQuery } from '../keyed-query.ts'
import type { UsersTable } from '../tables.ts'
import { inTransaction, retryOnConflict } from '../transaction.ts'

/** Users of one name that get a counted number; later ones get a random number. */
const namesakes = 100

/** The default user directory: users in `focus_users`, their accounts at providers in `focus_accounts`. */
export class KyselyUserDirectory implements UserDirectory {
  readonly #database: Database
  readonly #db: Database['db']
  readonly #clock: Clock
  readonly #byId: KeyedQuery<number, Selectable<UsersTable>>

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#db = database.db
    this.#clock = clock
    this.#byId = new KeyedQuery(database.db, (ids) =>
      database.db.selectFrom('focus_users').selectAll().where('id', 'in', ids),
    )
  }

  /** Accepts only the canonical form of a number as an id, not `01`, `1e0` or `0x1`. */
  readonly parseId = (key: UserKey): UserId => (/^(?:0|[1-9]\d{0,15})$/.test(key) ? Number(key) : key)

  async get(id: UserId): Promise<User | null> {
    const number = Number(id)
    if (!Number.isSafeInteger(number) || String(number) !== String(id)) return null
    return await this.#findBy('id', number)
  }

  async getMany(ids: readonly UserId[]): Promise<User[]> {
    return (await this.#byId.rows(ids.map(Number).filter(Number.isSafeInteger))).map(toUser)
  }

  async findByAccount({ issuer, subject }: AccountKey): Promise<User | null> {
    const row = await this.#db
      .selectFrom('focus_accounts')
      .select('user_key')
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst()
    return row ? await this.get(row.user_key) : null
  }

  async findByEmail(email: string): Promise<User | null> {
    return await this.#findBy('email', asciiLowerCase(email))
  }

  async findByUsername(username: string): Promise<User | null> {
    return await this.#findBy('username', username)
  }

  async create(profile: ExternalProfile): Promise<User> {
    const base = suggestUsername(profile)
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const username = await this.#freeUsername(base, attempt)
      try {
        return await this.#insert(profile, username)
      } catch (error) {
        if (!(error instanceof DuplicateKeyError)) throw error
      }
      // Find out which key was taken: the account (by a simultaneous sign-in), the e-mail or the username.
      const same = await this.findByAccount(profile)
      if (same) return same
      if (profile.email !== null && (await this.findByEmail(profile.email))) throw accountExists()
    }
    throw new FocusError('internal', 'No free username was found.')
  }

  async releaseEmail(id: UserId, email: string): Promise<boolean> {
    const { numUpdatedRows } = await retryOnConflict(() =>
      this.#db
        .updateTable('focus_users')
        .set({ email: null, updated_at: this.#clock() })
        .where('id', '=', Number(id))
        .where('email', '=', email)
        .where('email_verified', '=', 0)
        .executeTakeFirst(),
    )
    return numUpdatedRows === 1n || (await this.#findBy('email', email)) === null
  }

  async linkAccount(id: UserId, profile: ExternalProfile): Promise<void> {
    try {
      await inTransaction(this.#database, (trx) => insertAccount(trx, toUserKey(id), profile, this.#clock()))
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error
      const owner = await this.findByAccount(profile)
      if (owner?.id === id) return
      throw new FocusError('account_linked_elsewhere', 'This account is linked to another user.', {
        hint: 'Sign in with it and unlink it there first.',
      })
    }
  }

  async unlinkAccount(id: UserId, { issuer, subject }: AccountKey): Promise<void> {
    const userKey = toUserKey(id)
    await inTransaction(this.#database, async (trx) => {
      const query = trx.selectFrom('focus_accounts').select(['issuer', 'subject']).where('user_key', '=', userKey)
      // Under a lock: the second of two simultaneous calls sees the result of the first.
      const accounts = await lockRows(this.#database, query).execute()
      const others = accounts.filter((account) => account.issuer !== issuer || account.subject !== subject)
      if (others.length === accounts.length) return
      if (others.length === 0) throw lastAccount()
      await trx
        .deleteFrom('focus_accounts')
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .where('user_key', '=', userKey)
        .execute()
      await rememberUnlinked(trx, { user_key: userKey, issuer, unlinked_at: this.#clock() })
    })
  }

  async hadIssuer(id: UserId, issuer: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom('focus_unlinked_issuers')
      .select('issuer')
      .where('user_key', '=', toUserKey(id))
      .where('issuer', '=', issuer)
      .executeTakeFirst()
    return row !== undefined
  }

  async accounts(id: UserId): Promise<ExternalAccount[]> {
    return await this.#db
      .selectFrom('focus_accounts')
      .select(['issuer', 'subject', 'provider'])
      .where('user_key', '=', toUserKey(id))
      .orderBy('created_at')
      .orderBy('issuer')
      .orderBy('subject')
      .execute()
  }

  async update(id: UserId, profile: ExternalProfile, seen?: User): Promise<User> {
    const user = seen ?? (await this.#require(id))
    const { numUpdatedRows } = await this.#db
      .updateTable('focus_accounts')
      .set({ last_sign_in_at: this.#clock() })
      .where('issuer', '=', profile.issuer)
      .where('subject', '=', profile.subject)
      .where((where) => where.exists(where.selectFrom('focus_users').select('id').where('id', '=', Number(id))))
      .executeTakeFirst()
    // The user may have been deleted since it was read.
    if (numUpdatedRows === 0n) await this.#require(id)
    const changes = changesOf(user, profile)
    const hasChanged = Object.keys(changes).length > 0
    if (hasChanged) await retryOnConflict(() => this.#updateOf(id, changes).execute())
    const hasMoved = await this.#setEmail(id, user, profile)
    return hasChanged || hasMoved ? await this.#require(id) : user
  }

  /**
   * Writes an e-mail and its verification together, and only in place of the values that the decision was based on: otherwise
   * the e-mail of one of two simultaneous sign-ins would get the verification of the other (A5). Returns whether it changed.
   */
  async #setEmail(id: UserId, seen: Pick<User, 'email' | 'emailVerified'>, wanted: ExternalProfile): Promise<boolean> {
    const { email, emailVerified } = wanted
    if (email === seen.email && emailVerified === seen.emailVerified) return false
    const update = this.#updateOf(id, { email, email_verified: emailVerified ? 1 : 0 })
      .where('email', seen.email === null ? 'is' : '=', seen.email)
      .where('email_verified', '=', seen.emailVerified ? 1 : 0)
    try {
      const { numUpdatedRows } = await retryOnConflict(() => update.executeTakeFirst())
      return numUpdatedRows === 1n
    } catch (error) {
      // Another user has the new e-mail: the old address stays.
      if (error instanceof DuplicateKeyError) return false
      throw error
    }
  }

  #updateOf(id: UserId, values: Partial<Selectable<UsersTable>>) {
    return this.#db
      .updateTable('focus_users')
      .set({ ...values, updated_at: this.#clock() })
      .where('id', '=', Number(id))
  }

  async setDisabled(id: UserId, disabled: boolean): Promise<void> {
    await this.#require(id)
    const now = this.#clock()
    await this.#db
      .updateTable('focus_users')
      .set({ disabled_at: disabled ? now : null, updated_at: now })
      .where('id', '=', Number(id))
      .execute()
  }

  async list({ limit, after, search }: { limit: number; after?: UserId; search?: string }): Promise<User[]> {
    let query = this.#db.selectFrom('focus_users').selectAll().orderBy('id').limit(limit)
    if (after !== undefined) query = query.where('id', '>', idOf(after))
    if (search !== undefined && search !== '') {
      // `!` escapes, because databases differ in the meaning of a backslash.
      const pattern = `%${asciiLowerCase(search).replace(/[!%_]/g, '!$&')}%`
      query = query.where(
        sql<boolean>`(username like ${pattern} escape '!' or email like ${pattern} escape '!' or lower(full_name) like ${pattern} escape '!')`,
      )
    }
    return (await query.execute()).map(toUser)
  }

  async #findBy(column: 'id' | 'username' | 'email', value: string | number): Promise<User | null> {
    const row = await this.#db.selectFrom('focus_users').selectAll().where(column, '=', value).executeTakeFirst()
    return row ? toUser(row) : null
  }

  async #require(id: UserId): Promise<User> {
    const user = await this.get(id)
    if (user) return user
    throw new FocusError('unknown_user', 'There is no such user.')
  }

  /**
   * Returns `john_doe`, then `john_doe_2` and so on. Returns a random number after several conflicts, or when all of these are
   * taken, so that many users of one name succeed without a long search.
   */
  async #freeUsername(base: string, attempt: number): Promise<string> {
    const random = `${base}_${randomInt(1_000, 1_000_000_000)}`
    if (attempt > 3) return random
    const names = [base, ...Array.from({ length: namesakes - 1 }, (_, index) => `${base}_${index + 2}`)]
    const rows = await this.#db.selectFrom('focus_users').select('username').where('username', 'in', names).execute()
    const taken = new Set(rows.map(({ username }) => username))
    return names.find((name) => !taken.has(name)) ?? random
  }

  async #insert(profile: ExternalProfile, username: string): Promise<User> {
    const now = this.#clock()
    const values = {
      username,
      email: profile.email,
      email_verified: profile.emailVerified ? 1 : 0,
      full_name: profile.fullName,
      avatar_url: profile.avatarUrl,
      locale: profile.locale,
    }
    return await inTransaction(this.#database, async (trx) => {
      const id = await insertedId(
        this.#database,
        trx.insertInto('focus_users').values({ ...values, created_at: now, updated_at: now }),
      )
      await insertAccount(trx, toUserKey(id), profile, now)
      return toUser({ ...values, id, disabled_at: null, created_at: now, updated_at: now })
    })
  }
}

/** @throws FocusError `invalid_request` for a value that is not an id, such as a text, which a driver would write as NaN */
function idOf(id: UserId): number {
  const number = Number(id)
  if (Number.isSafeInteger(number)) return number
  throw new FocusError('invalid_request', 'after: is not the id of a user.', {
    hint: 'Send next_after of the previous page.',
  })
}

/** Returns the columns that change, other than the e-mail address. */
function changesOf(user: User, wanted: ExternalProfile): Partial<Selectable<UsersTable>> {
  return {
    ...(wanted.fullName !== user.fullName && { full_name: wanted.fullName }),
    ...(wanted.avatarUrl !== user.avatarUrl && { avatar_url: wanted.avatarUrl }),
    ...(wanted.locale !== user.locale && { locale: wanted.locale }),
  }
}

function toUser(row: Selectable<UsersTable>): User {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    emailVerified: row.email_verified === 1,
    fullName: row.full_name,
    avatarUrl: row.avatar_url,
    locale: row.locale,
    disabled: row.disabled_at !== null,
    createdAt: row.created_at,
  }
}
