import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Accounts } from '../../../src/auth/accounts/accounts.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { migrateToLatest } from '../../../src/storage/migrations/migrate.ts'
import { KyselyUserDirectory } from '../../../src/storage/stores/user-directory.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { profileOf } from '@focus-api/test-kit/focus/profile'

const address = 'alice@startup.example'

describeOverDatabases('The users table', (databases) => {
  let database: Database
  let users: KyselyUserDirectory

  beforeAll(async () => {
    database = await openDatabase(await databases.create())
    await migrateToLatest(database)
    users = new KyselyUserDirectory(database, () => 1_000)
  })
  afterAll(() => database.close())
  beforeEach(() => removeUsers(database))

  test('A5: releases only an unverified address', async () => {
    const squatter = await users.create(profileOf('squatter', { email: address }))
    expect(await users.releaseEmail(squatter.id, 'another@startup.example')).toBe(true)
    expect(await users.get(squatter.id)).toMatchObject({ email: address })
    await users.update(squatter.id, profileOf('squatter', { email: address, emailVerified: true }))
    expect(await users.releaseEmail(squatter.id, address)).toBe(false)
    expect(await users.get(squatter.id)).toMatchObject({ email: address, emailVerified: true })
    await users.update(squatter.id, profileOf('squatter', { email: address }))
    expect(await users.releaseEmail(squatter.id, address)).toBe(true)
    expect(await users.get(squatter.id)).toMatchObject({ email: null, emailVerified: false })
  })

  test('A7: lists the oldest account first, even if all have the same time', async () => {
    const { id } = await users.create(profileOf('z'))
    await users.linkAccount(id, profileOf('y'))
    await users.linkAccount(id, profileOf('x'))
    expect((await users.accounts(id)).map(({ subject }) => subject)).toEqual(['z', 'y', 'x'])
  })

  /** Runs something between the moment the address is looked for and the moment something is written. */
  function interrupted(by: () => Promise<unknown>): Accounts {
    let once = true
    class Interrupted extends KyselyUserDirectory {
      override async findByEmail(email: string) {
        const found = await super.findByEmail(email)
        if (once) {
          once = false
          await by()
        }
        return found
      }
    }
    return new Accounts(new Interrupted(database, () => 1_000), { development: false })
  }

  test('A5: a concurrent squatter does not stop the owner', async () => {
    const squatter = profileOf('squatter', { email: address })
    const accounts = interrupted(() => users.create(squatter))
    const { user, created } = await accounts.signIn(profileOf('owner', { email: address, emailVerified: true }))
    expect([user.email, created]).toEqual([address, true])
    expect(await users.findByAccount(squatter)).toMatchObject({ email: null })
  })

  test('A5: a holder who verifies the address concurrently keeps it', async () => {
    const holder = profileOf('holder', { email: address, issuer: 'https://other.example' })
    const { id } = await users.create(holder)
    const accounts = interrupted(() => users.update(id, { ...holder, emailVerified: true }))
    const { user } = await accounts.signIn(profileOf('owner', { email: address, emailVerified: true }))
    expect(user.id).toBe(id)
  })

  test('S40: a common name costs a bounded look-up', async () => {
    const row = { email: null, email_verified: 0, created_at: 1, updated_at: 1 }
    const names = ['jo', ...Array.from({ length: 299 }, (_, index) => `jo_${index + 2}`)]
    const few = names.filter((name) => name !== 'jo_7').slice(0, 50)
    const insert = async (usernames: readonly string[]) =>
      await database.db
        .insertInto('focus_users')
        .values(usernames.map((username) => ({ ...row, username })))
        .execute()
    await insert(few)
    expect((await users.create(profileOf('a', { fullName: 'Jo' }))).username).toBe('jo_7')
    await insert(names.filter((name) => name !== 'jo_7' && !few.includes(name)))
    let read = 0
    const counting = database.db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        read += result.rows.length
        return result
      },
    })
    const crowded = new KyselyUserDirectory({ ...database, db: counting }, () => 1_000)
    expect((await crowded.create(profileOf('b', { fullName: 'Jo' }))).username).toMatch(/^jo_\d{4,}$/)
    expect(read).toBeLessThan(150)
  })

  test('S14: a concurrently created account belongs to the same user', async () => {
    const profile = profileOf('alice', { email: address, emailVerified: true })
    const accounts = interrupted(() => users.create(profile))
    const { user } = await accounts.signIn(profile)
    expect(await users.findByAccount(profile)).toEqual(user)
    expect(await users.list({ limit: 10 })).toHaveLength(1)
  })

  test('S14: a concurrent user who takes the address, with no verification on either side, keeps it', async () => {
    const accounts = interrupted(() => users.create(profileOf('first', { email: address })))
    await expect(accounts.signIn(profileOf('second', { email: address }))).rejects.toMatchObject({
      code: 'account_exists',
    })
  })
})
