import { randomUUID } from 'node:crypto'
import type { ExternalAccount, ExternalProfile, User, UserDirectory } from '@focus-api/core'
import { FocusError } from '@focus-api/core'
import type { Kysely, Selectable } from 'kysely'

/** The application's own tables. Focus accesses them only through the class below. */
export interface AppTables {
  people: {
    /** Such as `usr_3f6c…`. */
    id: string
    handle: string
    mail: string | null
    mail_confirmed: number
    display_name: string | null
    photo: string | null
    blocked: number
  }
  /**
   * Logins by provider. The primary key is `(issuer, subject)`, and a foreign key with `on delete cascade` removes the logins of a
   * deleted person.
   */
  people_logins: { issuer: string; subject: string; provider: string; person_id: string; linked_at: number }
}

/** Maps the application's people to Focus' users. Their ids are strings, so it needs no `parseId`. */
export class AppUsers implements UserDirectory {
  readonly #db: Kysely<AppTables>

  constructor(db: Kysely<AppTables>) {
    this.#db = db
  }

  async get(id: string): Promise<User | null> {
    return await this.#findBy('id', id)
  }

  async getMany(ids: readonly string[]): Promise<User[]> {
    const rows = await this.#db.selectFrom('people').selectAll().where('id', 'in', ids).execute()
    return rows.map(toUser)
  }

  async findByEmail(email: string): Promise<User | null> {
    return await this.#findBy('mail', email)
  }

  async findByUsername(username: string): Promise<User | null> {
    return await this.#findBy('handle', username)
  }

  async findByAccount({ issuer, subject }: Pick<ExternalAccount, 'issuer' | 'subject'>): Promise<User | null> {
    const login = await this.#db
      .selectFrom('people_logins')
      .select('person_id')
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .executeTakeFirst()
    return login ? await this.get(login.person_id) : null
  }

  /** Two first sign-ins may run at the same time: the primary key of the login lets one of them succeed. */
  async create(profile: ExternalProfile): Promise<User> {
    const id = `usr_${randomUUID()}`
    const person = {
      id,
      handle: id,
      mail: profile.email,
      mail_confirmed: profile.emailVerified ? 1 : 0,
      display_name: profile.fullName,
      photo: profile.avatarUrl,
      blocked: 0,
    }
    try {
      await this.#db.transaction().execute(async (trx) => {
        await trx.insertInto('people').values(person).execute()
        await trx.insertInto('people_logins').values(toLogin(id, profile)).execute()
      })
      return toUser(person)
    } catch (error) {
      const existing = await this.findByAccount(profile)
      if (existing) return existing
      throw error
    }
  }

  /** One statement, so that a person who has just confirmed the address keeps it. */
  async releaseEmail(id: string, email: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('people')
      .set({ mail: null })
      .where('id', '=', id)
      .where('mail', '=', email)
      .where('mail_confirmed', '=', 0)
      .executeTakeFirst()
    return numUpdatedRows > 0n
  }

  async linkAccount(id: string, profile: ExternalProfile): Promise<void> {
    const owner = await this.findByAccount(profile)
    if (owner && owner.id !== id) {
      throw new FocusError('account_linked_elsewhere', 'This account is linked to another user.')
    }
    if (!owner) await this.#db.insertInto('people_logins').values(toLogin(id, profile)).execute()
  }

  async unlinkAccount(id: string, { issuer, subject }: Pick<ExternalAccount, 'issuer' | 'subject'>): Promise<void> {
    await this.#db
      .deleteFrom('people_logins')
      .where('person_id', '=', id)
      .where('issuer', '=', issuer)
      .where('subject', '=', subject)
      .execute()
  }

  async accounts(id: string): Promise<ExternalAccount[]> {
    return await this.#db
      .selectFrom('people_logins')
      .select(['issuer', 'subject', 'provider'])
      .where('person_id', '=', id)
      .orderBy('linked_at')
      .execute()
  }

  /** Updates the fields that follow the provider. The address stays the one that the person confirmed. */
  async update(id: string, profile: ExternalProfile): Promise<User> {
    await this.#db
      .updateTable('people')
      .set({ display_name: profile.fullName, photo: profile.avatarUrl })
      .where('id', '=', id)
      .execute()
    const user = await this.get(id)
    if (user) return user
    throw new FocusError('unknown_user', 'There is no such user.')
  }

  async setDisabled(id: string, disabled: boolean): Promise<void> {
    await this.#db
      .updateTable('people')
      .set({ blocked: disabled ? 1 : 0 })
      .where('id', '=', id)
      .execute()
  }

  async list({ limit, after = '' }: { limit: number; after?: string }): Promise<User[]> {
    const rows = await this.#db
      .selectFrom('people')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute()
    return rows.map(toUser)
  }

  async #findBy(column: 'id' | 'mail' | 'handle', value: string): Promise<User | null> {
    const row = await this.#db.selectFrom('people').selectAll().where(column, '=', value).executeTakeFirst()
    return row ? toUser(row) : null
  }
}

function toLogin(personId: string, { issuer, subject, provider }: ExternalProfile): AppTables['people_logins'] {
  return { issuer, subject, provider, person_id: personId, linked_at: Date.now() }
}

function toUser(row: Selectable<AppTables['people']>): User {
  return {
    id: row.id,
    username: row.handle,
    email: row.mail,
    emailVerified: row.mail_confirmed === 1,
    fullName: row.display_name,
    avatarUrl: row.photo,
    locale: null,
    disabled: row.blocked === 1,
  }
}
