import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFocus, type Focus } from '@focus-api/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import { KyselyUserDirectory } from '../../../src/storage/stores/user-directory.ts'
import { type App, secret, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'
import { without } from '../support/without.ts'
import { codeByNavigation } from '../support/navigation.ts'

const deleteUser = ({ db }: Database, id: number) => db.deleteFrom('focus_users').where('id', '=', id).execute()

/** Status of a response, and the code of its problem. */
const outcome = async (answer: Promise<Response>) => {
  const response = await answer
  return response.ok ? response.status : `${response.status} ${(await problemOf(response)).code}`
}

describeOverDatabases('A user whose row was deleted', (databases) => {
  let issuer: TestIssuer
  let app: App
  let url: string

  const startNode = async (healIntervalMs?: number) =>
    await startApp({
      database: url,
      config: { providers: [googleAt(issuer)], ...(healIntervalMs === undefined ? {} : { healIntervalMs }) },
    })

  beforeAll(async () => {
    url = await databases.empty()
    issuer = await TestIssuer.start()
    app = await startNode(600_000)
  })
  afterAll(async () => {
    await app.close()
    await issuer.close()
  })
  beforeEach(async () => {
    await removeUsers(app.database)
    issuer.person = { sub: 'john', name: 'John Doe', email: 'john@gmail.com', email_verified: true }
  })

  const refresh = (token: string) => app.request('/auth/refresh', { body: { refresh_token: token } })
  const sessionsOf = async ({ user }: TokenAnswer) => await app.auth.sessions.list(String(user.id))

  test('A17: has no profile, and no session once the deletion is detected', async () => {
    const john = await signIn(app, issuer)
    const device = await signIn(app, issuer)
    await deleteUser(app.database, john.user.id)
    expect(await outcome(app.request('/auth/me', { bearer: john.access_token }))).toBe('401 session_revoked')
    expect(await outcome(app.request('/auth/accounts', { bearer: device.access_token }))).toBe('401 session_revoked')
    expect(await sessionsOf(john)).toEqual([])
  })

  test('A17: is refused where a token is new to a node', async () => {
    const john = await signIn(app, issuer)
    await deleteUser(app.database, john.user.id)
    expect(await outcome(app.request('/auth/accounts', { bearer: john.access_token }))).toBe('401 session_revoked')
  })

  test('A17: has no tokens left to refresh, and no single-use code to redeem', async () => {
    const john = await signIn(app, issuer)
    const browser = new CookieJar(app)
    const code = await codeByNavigation(browser, issuer)
    await deleteUser(app.database, john.user.id)
    expect(await outcome(browser.send('/auth/token', { body: { focus_code: code } }))).toBe('400 invalid_grant')
    expect(await outcome(refresh(john.refresh_token))).toBe('400 invalid_grant')
    expect(await sessionsOf(john)).toEqual([])
  })

  test('A17: gets no session from a sign-in in progress', async () => {
    let found: (id: number) => Promise<unknown> = () => Promise.resolve()
    class Directory extends KyselyUserDirectory {
      override async update(...[id, profile]: Parameters<KyselyUserDirectory['update']>) {
        const user = await super.update(id, profile)
        await found(Number(id))
        return user
      }
    }
    await signIn(app, issuer)
    const node = await startApp({
      database: url,
      users: (database) => new Directory(database, Date.now),
      config: { providers: [googleAt(issuer)] },
    })
    await signIn(node, issuer)
    found = (id) => deleteUser(node.database, id)
    await expect(signIn(node, issuer)).rejects.toThrow('401')
    await node.close()
  })

  test('A17: has no tickets', async () => {
    const john = await signIn(app, issuer)
    const principal = await app.auth.tokens.verify(john.access_token)
    expect(await app.auth.sessionEndsAt(principal)).toBeGreaterThan(Date.now())
    await deleteUser(app.database, john.user.id)
    expect(await app.auth.sessionEndsAt(principal)).toBeNull()
  })

  test('A17: is detected on every node that knows a token of the user, without a request', async () => {
    const node = await startNode(20)
    const [john, jane] = [await signIn(app, issuer), await signInAs('jane')]
    for (const { access_token: token } of [john, jane]) await node.auth.tokens.verify(token)
    const ended: string[] = []
    node.auth.onSessionEnded(({ userKey }) => ended.push(userKey))
    await deleteUser(app.database, john.user.id)
    await expect.poll(() => ended).toEqual([String(john.user.id)])
    await expect(node.auth.tokens.verify(john.access_token)).rejects.toMatchObject({ code: 'session_revoked' })
    expect(await node.auth.tokens.verify(jane.access_token)).toMatchObject({ userId: jane.user.id })
    await node.close()
  })

  test('A17: a user who was disabled in the database is detected, too', async () => {
    const node = await startNode(20)
    const john = await signIn(app, issuer)
    await node.auth.tokens.verify(john.access_token)
    const reasons: string[] = []
    node.auth.onSessionEnded(({ reason }) => reasons.push(reason))
    await app.database.db.updateTable('focus_users').set({ disabled_at: 1 }).execute()
    await expect.poll(() => reasons).toEqual(['user_disabled'])
    await node.close()
  })

  test('A17: a directory without getMany is asked for a few users at a time', async () => {
    const asked: unknown[] = []
    class OneByOne extends KyselyUserDirectory {
      override async get(id: number | string) {
        asked.push(id)
        return await super.get(id)
      }
    }
    const node = await startApp({
      database: url,
      users: (database) => without(new OneByOne(database, Date.now), 'getMany'),
      config: { providers: [googleAt(issuer)], healIntervalMs: 20 },
    })
    const john = await signIn(node, issuer)
    await node.auth.tokens.verify(john.access_token)
    const ended: string[] = []
    node.auth.onSessionEnded(({ userKey }) => ended.push(userKey))
    await deleteUser(app.database, john.user.id)
    await expect.poll(() => ended).toEqual([String(john.user.id)])
    await node.close()
  })

  test('A17: is created again at the next sign-in with the account', async () => {
    const john = await signIn(app, issuer)
    await deleteUser(app.database, john.user.id)
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn(app, issuer)))
    const ids = new Set(answers.map(({ user }) => user.id))
    expect(ids.size).toBe(1)
    expect(ids).not.toContain(john.user.id)
    expect(await app.database.db.selectFrom('focus_accounts').select('user_key').execute()).toEqual([
      { user_key: String(answers[0]?.user.id) },
    ])
    expect(await outcome(app.request('/auth/me', { bearer: john.access_token }))).toBe('401 session_revoked')
  })

  test('A17: leaves an account that another user may link', async () => {
    const john = await signIn(app, issuer)
    await deleteUser(app.database, john.user.id)
    const jane = await signInAs('jane')
    const user = await app.auth.accounts.link(String(jane.user.id), profileOf('john', { issuer: issuer.url }))
    expect(user.id).toBe(jane.user.id)
    issuer.person = { sub: 'john' }
    expect((await signIn(app, issuer)).user.id).toBe(jane.user.id)
  })

  async function signInAs(sub: string): Promise<TokenAnswer> {
    issuer.person = { sub, name: sub }
    return await signIn(app, issuer)
  }
})

describe('A user whose row was deleted, on a whole Focus', () => {
  let database: Database
  let focus: Focus
  let server: Server
  let url: string

  beforeAll(async () => {
    database = await openDatabase('sqlite::memory:')
    focus = await createFocus({ env: {}, database: database.db, secret, adminKey: 'admin-key-of-the-tests' })
    server = createServer().on('upgrade', (request, socket, head) => focus.upgrade(request, socket, head))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/api/ws/notifications`
  })
  afterAll(async () => {
    await focus.close()
    await database.close()
    server.close()
  })

  test('A17: can read nothing any more, and loses the socket', async () => {
    const { user } = await focus.auth.accounts.signIn(profileOf('john'))
    const { accessToken } = await focus.auth.sessions.start(user, 'test')
    const get = (path: string) =>
      focus.fetch(
        new Request(`http://localhost:8000/api${path}`, { headers: { authorization: `Bearer ${accessToken}` } }),
      )
    const socket = new WebSocket(`${url}?token=${accessToken}`)
    await once(socket, 'message')
    expect(await outcome(get('/notifications'))).toBe(200)
    await deleteUser(database, Number(user.id))
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(4503)
    expect(await outcome(get('/notifications'))).toBe('401 session_revoked')
  })
})
