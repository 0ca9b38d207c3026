import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import type { Database } from '../../../src/storage/database.ts'
import { type App, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { pathOf, problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { sharedIssuer } from '../support/shared.ts'

const issuer = await sharedIssuer()

describeOverDatabases('A restored database', (databases) => {
  let app: App
  let clock: ManualClock
  let alice: TokenAnswer
  let bob: TokenAnswer
  let bobsLink: string
  const browser = () => new CookieJar(app)
  let bobsBrowser: CookieJar

  /** A backup, then Bob signs up, then the backup is restored, then Carol signs up and gets Bob's id. */
  beforeEach(async () => {
    clock = manualClock()
    issuer.clock = clock
    const start = async () =>
      startApp({
        database: await databases.create(),
        runtime: { clock },
        config: { providers: [googleAt(issuer)] },
      })
    app = await start()
    const as = async (name: string) => {
      issuer.person = { sub: name, name }
      return await signIn(app, issuer)
    }
    alice = await as('alice')
    bob = await as('bob')
    bobsBrowser = browser()
    const started = await bobsBrowser.send('/auth/google/link', { body: {}, bearer: bob.access_token })
    issuer.person = { sub: 'bobs-other', name: 'bob' }
    bobsLink = pathOf(
      await issuer.authorize(((await started.json()) as { authorization_url: string }).authorization_url),
    )
    await restoreBefore(app.database, bob.user.id)
    const carol = await as('carol')
    expect(carol.user.id).toBe(bob.user.id)
    clock.advance(60_000)
    return async () => await app.close()
  })

  const refusal = async (response: Response) => ({ status: response.status, code: (await problemOf(response)).code })

  test('S38 A3: a token whose session is not in it is refused on a node that does not know the token', async () => {
    const node = await startApp({ database: app.database, runtime: { clock }, config: app.config })
    expect(await refusal(await node.request('/auth/me', { bearer: bob.access_token }))).toEqual({
      status: 401,
      code: 'session_revoked',
    })
    expect((await node.request('/auth/me', { bearer: alice.access_token })).status).toBe(200)
    await node.close()
  })

  test('S38 A3: the token is refused on a node that knew it, after the epoch is rotated', async () => {
    app.auth.forgetTokens()
    expect((await refusal(await app.request('/auth/me', { bearer: bob.access_token }))).code).toBe('session_revoked')
    expect((await app.request('/auth/me', { bearer: alice.access_token })).status).toBe(200)
  })

  test('S38 A3: a refresh token and a link of such a session do nothing', async () => {
    const refreshed = await app.request('/auth/refresh', { body: { refresh_token: bob.refresh_token } })
    expect((await refusal(refreshed)).code).toBe('invalid_grant')
    expect((await refusal(await bobsBrowser.navigate(bobsLink))).code).toBe('session_revoked')
    expect(await app.auth.accounts.list(String(bob.user.id))).toHaveLength(1)
  })

  test('S38 A3: a session of another user does not validate a token', async () => {
    const { sessionId } = await app.auth.tokens.verify(alice.access_token)
    await app.database.db
      .updateTable('focus_sessions')
      .set({ user_key: String(bob.user.id) })
      .where('id', '=', String(sessionId))
      .execute()
    app.auth.forgetTokens()
    expect((await refusal(await app.request('/auth/me', { bearer: alice.access_token }))).code).toBe('session_revoked')
  })
})

test('S38 A3: many unknown tokens at once cost few queries', async () => {
  issuer.clock = Date.now
  const app = await startApp({ config: { providers: [googleAt(issuer)] } })
  const { user } = await signIn(app, issuer)
  const [known] = await app.auth.users.list({ limit: 1 })
  if (!known) throw new Error(`There is no user ${user.id}.`)
  const tokens: string[] = []
  for (let index = 0; index < 1_000; index += 1)
    tokens.push((await app.auth.sessions.start(known, 'google')).accessToken)
  let queries = 0
  const counting = app.database.db.withPlugin({
    transformQuery: ({ node }) => {
      queries += 1
      return node
    },
    transformResult: async ({ result }) => result,
  })
  const node = await startApp({ database: { ...app.database, db: counting }, config: app.config, idle: true })
  const before = queries
  await Promise.all(tokens.map((token) => node.auth.tokens.verify(token)))
  expect(queries - before).toBeLessThan(tokens.length / 4)
  await Promise.all(tokens.map((token) => node.auth.tokens.verify(token)))
  const after = queries
  await Promise.all(tokens.map((token) => node.auth.tokens.verify(token)))
  expect(queries).toBe(after)
  await node.close()
  await app.close()
})

/** Removes a user and gives the id to the next user, as restoring an older backup does. */
async function restoreBefore({ db, dialect }: Database, id: number): Promise<void> {
  for (const table of ['focus_accounts', 'focus_sessions'] as const) {
    await db.deleteFrom(table).where('user_key', '=', String(id)).execute()
  }
  await db.deleteFrom('focus_users').where('id', '=', id).execute()
  const rewind = {
    sqlite: sql`update sqlite_sequence set seq = ${id - 1} where name = 'focus_users'`,
    mysql: sql`alter table focus_users auto_increment = ${sql.lit(id)}`,
    postgres: sql`alter table focus_users alter column id restart with ${sql.lit(id)}`,
  }
  await rewind[dialect].execute(db)
}
