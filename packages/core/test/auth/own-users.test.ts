import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFocus, type Focus, google } from '@focus-api/core'
import { decodeJwt } from 'jose'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { type AppTables, AppUsers } from './examples/app-users.ts'
import { secret } from './support/app.ts'
import type { TokenAnswer } from './support/flow.ts'
import { TestIssuer } from './support/issuer.ts'

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
  await sql`create table people_logins (issuer text, subject text, provider text, person_id text,
    primary key (issuer, subject))`.execute(db)
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
  const begun = await focus.fetch(new Request('http://localhost:8000/api/auth/google'))
  const { authorization_url: url } = (await begun.json()) as { authorization_url: string }
  return await focus.fetch(new Request(await issuer.authorize(url)))
}

async function signIn(): Promise<TokenAnswer> {
  return (await (await callback()).json()) as TokenAnswer
}

test('people sign in to the application’s own table, with its string ids', async () => {
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

test('one person who signs in from everywhere at once is one person', async () => {
  issuer.person = { sub: 'grace', name: 'Grace Hopper' }
  const answers = await Promise.all(Array.from({ length: 20 }, () => signIn()))
  expect(new Set(answers.map((answer) => answer.user.id)).size).toBe(1)
})

test('notifications are theirs by the same ids', async () => {
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

test('a person whom the application blocked is out at once', async () => {
  const { user, access_token: token } = await signIn()
  await focus.auth.users.setDisabled(user.id, true)
  await expect(focus.authenticate({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
    code: 'session_revoked',
  })
  expect((await callback()).status).toBe(403)
  await focus.auth.users.setDisabled(user.id, false)
})

test('the page about it shows this very code', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/accounts.md'), 'utf8')
  const example = readFileSync(join(import.meta.dirname, 'examples/app-users.ts'), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${example}\`\`\``)
})
