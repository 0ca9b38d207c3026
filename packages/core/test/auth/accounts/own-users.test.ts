import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFocus, type ExternalProfile, type Focus, google, type User, type UserDirectory } from '@focus-api/core'
import { decodeJwt } from 'jose'
import { type Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oidc } from '../../../src/auth/providers/oidc.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { type AppTables, AppUsers } from './examples/app-users.ts'
import { type App, secret, startApp } from '../support/app.ts'
import { callbackFor, problemOf, signIn as signInTo, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'
import { without } from '../support/without.ts'

let issuer: TestIssuer
let db: Kysely<AppTables>
let close: () => Promise<void>
let focus: Focus

beforeAll(async () => {
  issuer = await TestIssuer.start()
  const database = await openDatabase('sqlite::memory:')
  close = () => database.close()
  db = database.db as unknown as Kysely<AppTables>
  await sql`create table people (id text primary key, handle text unique, mail text unique, mail_confirmed int,
    display_name text, photo text, blocked int)`.execute(db)
  await sql`create table people_logins (issuer text, subject text, provider text,
    person_id text references people (id) on delete cascade, linked_at int, primary key (issuer, subject))`.execute(db)
  focus = await createFocus({
    env: {},
    database: db,
    secret,
    users: new AppUsers(db),
    providers: [google({ issuer: issuer.url, clientId: issuer.clientId, clientSecret: issuer.clientSecret })],
    publicUrl: 'http://localhost:8000',
  })
})

afterAll(async () => {
  await focus.close()
  await close()
  await issuer.close()
})

beforeEach(() => {
  issuer.person = { sub: 'ada', name: 'Ada Lovelace', email: 'ada@gmail.com', email_verified: true }
})

async function callback(): Promise<Response> {
  const started = await focus.fetch(new Request('http://localhost:8000/api/auth/google'))
  const { authorization_url: url } = (await started.json()) as { authorization_url: string }
  return await focus.fetch(new Request(await issuer.authorize(url)))
}

async function signIn(): Promise<TokenAnswer> {
  return (await (await callback()).json()) as TokenAnswer
}

test('users sign in to the table of the application, with its string ids', async () => {
  const { user, access_token: token } = await signIn()
  expect(user).toEqual({
    id: expect.stringMatching(/^usr_/),
    username: expect.stringMatching(/^usr_/),
    email: 'ada@gmail.com',
    full_name: 'Ada Lovelace',
    avatar_url: null,
  })
  expect(decodeJwt(token).sub).toBe(user.id)
  expect(await focus.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ userId: user.id })
  const people = await db.selectFrom('people').selectAll().execute()
  expect(people).toEqual([expect.objectContaining({ id: user.id, display_name: 'Ada Lovelace' })])
  expect((await sql`select count(*) as n from focus_users`.execute(db)).rows).toEqual([{ n: 0 }])
})

test('concurrent sign-ins of one person create one user', async () => {
  issuer.person = { sub: 'grace', name: 'Grace Hopper' }
  const answers = await Promise.all(Array.from({ length: 20 }, () => signIn()))
  expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(1)
})

test('notifications reach them by the same ids', async () => {
  const { user, access_token: token } = await signIn()
  await focus.notifications.notifyUser({ userId: user.id, title: 'Hello', message: 'World' })
  const inbox = await focus.fetch(
    new Request('http://localhost:8000/api/notifications', { headers: { authorization: `Bearer ${token}` } }),
  )
  expect(await inbox.json()).toMatchObject({ notifications: [{ title: 'Hello' }] })
  await expect(
    focus.notifications.notifyUser({ userId: 'usr_nobody', title: 'Hello', message: 'World' }),
  ).rejects.toMatchObject({ code: 'unknown_user' })
})

test('a user that the application blocks is signed out immediately', async () => {
  const { user, access_token: token } = await signIn()
  await focus.auth.users.setDisabled(user.id, true)
  await expect(focus.authenticate({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
    code: 'session_revoked',
  })
  expect((await callback()).status).toBe(403)
  await focus.auth.users.setDisabled(user.id, false)
})

describe('The user that a sign-in belongs to, in a table of the application', () => {
  let other: TestIssuer
  const apps: App[] = []

  beforeAll(async () => {
    other = await TestIssuer.start()
  })
  beforeEach(async () => {
    await db.deleteFrom('people').execute()
  })
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close()
  })
  afterAll(() => other.close())

  /** With `google` and `other`, which is trusted with addresses. */
  const over = async (users: UserDirectory) => {
    const { url, clientId, clientSecret } = other
    const provider = oidc({ name: 'other', issuer: url, clientId, clientSecret, trustEmail: true })
    const app = await startApp({ users: () => users, config: { providers: [googleAt(issuer), provider] } })
    apps.push(app)
    return app
  }
  const answerOf = async (app: App, from: TestIssuer, provider: string) => {
    const response = await app.request(await callbackFor(app, from, provider))
    return { status: response.status, code: response.ok ? null : (await problemOf(response)).code }
  }

  test('S36 A1 A5 A7: the rules are the same as in ours', async () => {
    const app = await over(new AppUsers(db))
    issuer.person = { ...issuer.person, email_verified: false, picture: 'https://pictures.example/ada.png' }
    const squatter = await signInTo(app, issuer)
    other.person = { sub: 'ada', name: 'Ada L.', email: 'ada@gmail.com', email_verified: true }
    const ada = await signInTo(app, other, 'other')
    expect(ada.user).toMatchObject({ full_name: 'Ada L.', email: 'ada@gmail.com' })
    expect(await app.auth.users.get(squatter.user.id)).toMatchObject({ email: null })
    other.person = { ...other.person, sub: 'other' }
    expect(await answerOf(app, other, 'other')).toEqual({ status: 409, code: 'account_exists' })
    issuer.person = { sub: 'ada at google', name: 'Another Name', email: 'ada@gmail.com', email_verified: true }
    expect((await signInTo(app, issuer)).user).toEqual(ada.user)
    issuer.person = { ...issuer.person, picture: 'https://pictures.example/ada.png' }
    expect((await signInTo(app, issuer)).user).toEqual({ ...ada.user, avatar_url: 'https://pictures.example/ada.png' })
  })

  test('A5: a directory without releaseEmail refuses the owner of an address', async () => {
    const app = await over(without(new AppUsers(db), 'releaseEmail'))
    issuer.person = { ...issuer.person, email_verified: false }
    await signInTo(app, issuer)
    other.person = { sub: 'ada', email: 'ada@gmail.com', email_verified: true }
    expect(await answerOf(app, other, 'other')).toEqual({ status: 409, code: 'account_exists' })
  })

  test('S14: of two concurrent users with one address, one is refused with account_exists', async () => {
    const app = await over(new AppUsers(db))
    issuer.person = { ...issuer.person, email_verified: false }
    other.person = { sub: 'ada', email: 'ada@gmail.com' }
    const paths = [await callbackFor(app, issuer), await callbackFor(app, other, 'other')]
    const statuses = await Promise.all(paths.map(async (path) => (await app.request(path)).status))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409])
  })

  test('A4: a directory that folds more letters than ASCII links no account by another address', async () => {
    class Folding extends AppUsers {
      override async findByEmail(email: string): Promise<User | null> {
        return await super.findByEmail(email.toLowerCase())
      }
    }
    const app = await over(new Folding(db))
    issuer.person = { sub: 'mike', name: 'Mike', email: 'mike@gmail.com', email_verified: true }
    const mike = await signInTo(app, issuer)
    other.person = { sub: 'kelvin', name: 'Kelvin', email: 'mi\u212Ae@gmail.com', email_verified: true }
    expect((await signInTo(app, other, 'other')).user.id).not.toBe(mike.user.id)
  })

  test('S33: a directory that finds a subject in another case signs no user in', async () => {
    class Folding extends AppUsers {
      override async findByAccount({ issuer, subject }: ExternalProfile): Promise<User | null> {
        return await super.findByAccount({ issuer, subject: subject.toLowerCase() })
      }
    }
    const app = await over(new Folding(db))
    issuer.person = { sub: 'auth0|abc', name: 'Ada' }
    await signInTo(app, issuer)
    issuer.person = { sub: 'auth0|AbC', name: 'Mallory' }
    expect(await answerOf(app, issuer, 'google')).toEqual({ status: 500, code: 'internal' })
  })
})

test('the documentation shows exactly this code', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../../docs/accounts.md'), 'utf8')
  const example = readFileSync(join(import.meta.dirname, 'examples/app-users.ts'), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\``)
})
