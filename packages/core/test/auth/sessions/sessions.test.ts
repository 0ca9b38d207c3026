import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import type { AuthConfig } from '../../../src/auth/auth-config.ts'
import type { SessionEnd } from '../../../src/auth/ports.ts'
import type { ExternalProfile, User } from '../../../src/auth/accounts/user-directory-port.ts'
import { KyselyUserDirectory } from '../../../src/storage/stores/user-directory.ts'
import { toUserKey, type UserId } from '../../../src/common/user-id.ts'
import { type App, startApp } from '../support/app.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'

describeOverDatabases('Sessions', (databases) => {
  let issuer: TestIssuer
  let url: string
  let app: App
  let clock: ManualClock
  let ends: SessionEnd[]

  beforeAll(async () => {
    issuer = await TestIssuer.start()
    clock = manualClock()
    issuer.clock = clock
    url = await databases.empty()
    app = await startNode()
    app.auth.onSessionEnded((end) => ends.push(end))
  })

  afterAll(async () => {
    await app.close()
    await issuer.close()
  })

  beforeEach(async () => {
    await removeUsers(app.database)
    ends = []
  })

  /** One more process on the same database. */
  async function startNode(config: Partial<AuthConfig> = {}): Promise<App> {
    return await startApp({
      database: url,
      runtime: { clock },
      config: { providers: [googleAt(issuer)], healIntervalMs: 20, ...config },
    })
  }

  /** Resolves after a read of ended sessions that this node starts after the call. */
  async function nextHealing(): Promise<void> {
    const other = await signIn(app, issuer)
    const { sessionId } = await app.auth.tokens.verify(other.access_token)
    const heard = new Promise<void>((resolve) => {
      const off = app.auth.onSessionEnded((end) => {
        if (end.sessionId !== sessionId) return
        off()
        resolve()
      })
    })
    const elsewhere = await startNode()
    await elsewhere.request('/auth/logout', { method: 'POST', bearer: other.access_token })
    await heard
    await elsewhere.close()
  }

  const refresh = (token: string, node: App = app) => node.request('/auth/refresh', { body: { refresh_token: token } })

  async function refreshed(token: string, node: App = app): Promise<TokenAnswer> {
    const response = await refresh(token, node)
    expect(response.status).toBe(200)
    return (await response.json()) as TokenAnswer
  }

  async function expectEnded(refreshToken: string): Promise<void> {
    const response = await refresh(refreshToken)
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toMatchObject({ code: 'invalid_grant', error: 'invalid_grant' })
  }

  const meStatus = async (accessToken: string, node: App = app) =>
    (await node.request('/auth/me', { bearer: accessToken })).status

  test('S21 refresh tokens are opaque, of 256 bits, and only their SHA-256 is stored', async () => {
    const { refresh_token: token } = await signIn(app, issuer)
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    const rows = await app.database.db.selectFrom('focus_refresh_tokens').selectAll().execute()
    expect(rows.map((row) => row.token_hash)).toEqual([createHash('sha256').update(token).digest('hex')])
  })

  test('S21 a refresh returns a new pair, and its refresh token works', async () => {
    const first = await signIn(app, issuer)
    const second = await refreshed(first.refresh_token)
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect(second.user).toEqual(first.user)
    expect(await meStatus(second.access_token)).toBe(200)
    await refreshed(second.refresh_token)
  })

  test('S22 five tabs that refresh one token at once all stay signed in', async () => {
    const { refresh_token: token } = await signIn(app, issuer)
    const tabs = await Promise.all(Array.from({ length: 5 }, () => refreshed(token)))
    expect(new Set(tabs.map((tab) => tab.refresh_token)).size).toBe(1)
    for (const tab of tabs) expect(await meStatus(tab.access_token)).toBe(200)
    expect(ends).toEqual([])
  })

  test('S22 five tabs on two nodes all stay signed in', async () => {
    const other = await startNode()
    const { refresh_token: token } = await signIn(app, issuer)
    const tabs = await Promise.all([app, other, app, other, app].map((node) => refreshed(token, node)))
    expect(new Set(tabs.map((tab) => tab.refresh_token)).size).toBe(1)
    await other.close()
  })

  test('S22 after a lost response, a retry within 30 seconds works', async () => {
    const { refresh_token: token } = await signIn(app, issuer)
    const lost = await refreshed(token)
    clock.advance(30_000)
    expect((await refreshed(token)).refresh_token).toBe(lost.refresh_token)
  })

  test('S22 a retry after 30 seconds ends the session, and no other', async () => {
    const bystander = await signIn(app, issuer)
    const victim = await signIn(app, issuer)
    const successor = await refreshed(victim.refresh_token)
    clock.advance(30_001)
    await expectEnded(victim.refresh_token)
    await expectEnded(successor.refresh_token)
    expect(await meStatus(successor.access_token)).toBe(401)
    expect(ends).toEqual([expect.objectContaining({ reason: 'reuse' })])
    expect(await meStatus(bystander.access_token)).toBe(200)
    await refreshed(bystander.refresh_token)
  })

  test('S22 a predecessor presented after its successor was used ends that session, and no other', async () => {
    const bystander = await signIn(app, issuer)
    const victim = await signIn(app, issuer)
    const successor = await refreshed(victim.refresh_token)
    const heir = await refreshed(successor.refresh_token)
    await expectEnded(victim.refresh_token)
    await expectEnded(heir.refresh_token)
    expect(ends).toEqual([expect.objectContaining({ reason: 'reuse' })])
    await refreshed(bystander.refresh_token)
  })

  test('S22 the successor is stored sealed, and is deleted when it is used or the grace is over', async () => {
    const { refresh_token: token } = await signIn(app, issuer)
    const sealed = async () => {
      const rows = await app.database.db.selectFrom('focus_refresh_tokens').select('successor_sealed').execute()
      return rows.filter((row) => row.successor_sealed !== null)
    }
    const successor = await refreshed(token)
    expect(await sealed()).toHaveLength(1)
    expect(JSON.stringify(await sealed())).not.toContain(successor.refresh_token)
    const heir = await refreshed(successor.refresh_token)
    expect(await sealed()).toHaveLength(1)
    clock.advance(30_001)
    await app.auth.sessions.purge()
    expect(await sealed()).toHaveLength(0)
    await refreshed(heir.refresh_token)
  })

  test('S23 a session ends when it is idle, and when it is old', async () => {
    const idle = await signIn(app, issuer)
    clock.advance(app.config.idleTtlSeconds * 1_000)
    await expectEnded(idle.refresh_token)
    let busy = await signIn(app, issuer)
    const step = (app.config.idleTtlSeconds - 1) * 1_000
    for (let age = step; age < app.config.sessionTtlSeconds * 1_000; age += step) {
      clock.advance(step)
      busy = await refreshed(busy.refresh_token)
    }
    clock.advance(step)
    await expectEnded(busy.refresh_token)
  })

  test('S23 logout ends this session at once and leaves the others', async () => {
    const [here, there] = [await signIn(app, issuer), await signIn(app, issuer)]
    const response = await app.request('/auth/logout', { method: 'POST', bearer: here.access_token })
    expect(response.status).toBe(204)
    const refused = await app.request('/auth/me', { bearer: here.access_token })
    expect(refused.status).toBe(401)
    expect((await problemOf(refused)).code).toBe('session_revoked')
    await expectEnded(here.refresh_token)
    expect(await meStatus(there.access_token)).toBe(200)
    expect(ends.map((end) => end.reason)).toEqual(['logout'])
  })

  test('S23 logout on all devices ends all sessions of this user and of no other', async () => {
    issuer.person = { sub: 'person-2', name: 'Jane Doe' }
    const jane = await signIn(app, issuer)
    issuer.person = { sub: 'person-1', name: 'John Doe' }
    const devices = [await signIn(app, issuer), await signIn(app, issuer)]
    await app.request('/auth/logout_all', { method: 'POST', bearer: devices[0]?.access_token ?? '' })
    for (const device of devices) expect(await meStatus(device.access_token)).toBe(401)
    expect(await meStatus(jane.access_token)).toBe(200)
    expect(ends.map((end) => end.reason)).toEqual(['logout_all', 'logout_all'])
  })

  test('S23 a session that ends on one node is refused on every other within the healing interval', async () => {
    const other = await startNode()
    const { access_token: token } = await signIn(app, issuer)
    expect(await meStatus(token, other)).toBe(200)
    const heard = new Promise<SessionEnd>((resolve) => other.auth.onSessionEnded(resolve))
    await app.request('/auth/logout', { method: 'POST', bearer: token })
    expect(await heard).toMatchObject({ reason: 'logout', sessionId: ends[0]?.sessionId })
    expect(await meStatus(token, other)).toBe(401)
    await other.close()
  })

  test('S23 an ended session stays refused when the clock jumps ahead and back', async () => {
    const { access_token: token } = await signIn(app, issuer)
    await app.request('/auth/logout', { method: 'POST', bearer: token })
    // Longer ago than what is looked at again.
    clock.advance(600_000)
    await nextHealing()
    const day = 86_400_000
    clock.advance(day)
    await nextHealing()
    clock.advance(-day)
    await nextHealing()
    expect(await meStatus(token)).toBe(401)
  })

  test('S23 access ends with a session whose idle time is shorter than the lifetime of access tokens', async () => {
    const strict = await startNode({ idleTtlSeconds: 600 })
    const { access_token: token, expires_in: expiresIn, refresh_token: first } = await signIn(strict, issuer)
    expect(expiresIn).toBe(600)
    clock.advance(300_000)
    const { access_token: fresh } = await refreshed(first, strict)
    clock.advance(300_000)
    expect(await meStatus(token, strict)).toBe(401)
    expect(await meStatus(fresh, strict)).toBe(200)
    clock.advance(300_000)
    expect(await meStatus(fresh, strict)).toBe(401)
    await strict.close()
  })

  test('S23 a node that starts later refuses ended sessions from its start', async () => {
    const { access_token: token } = await signIn(app, issuer)
    await app.request('/auth/logout', { method: 'POST', bearer: token })
    const later = await startNode()
    expect(await meStatus(token, later)).toBe(401)
    await later.close()
  })

  test('S23 an end that another node announces takes effect at once', async () => {
    const { access_token: token } = await signIn(app, issuer)
    const principal = await app.auth.tokens.verify(token)
    app.auth.noteSessionEnd({ userKey: principal.userKey, sessionId: principal.sessionId, reason: 'revoked' })
    expect(await meStatus(token)).toBe(401)
  })

  test('S23 disabling a user ends their sessions and keeps them out', async () => {
    const answer = await signIn(app, issuer)
    await app.auth.users.setDisabled(answer.user.id, true)
    expect(await meStatus(answer.access_token)).toBe(401)
    await expectEnded(answer.refresh_token)
    await expect(signIn(app, issuer)).rejects.toThrow('user_disabled')
    await app.auth.users.setDisabled(answer.user.id, false)
    await signIn(app, issuer)
  })

  test('S23 disabling a user ends a thousand sessions in a few statements, each by one node', async () => {
    const { user } = await signIn(app, issuer)
    const [known] = await app.auth.users.list({ limit: 1 })
    if (!known) throw new Error(`There is no user ${user.id}.`)
    for (let index = 0; index < 1_000; index += 1) await app.auth.sessions.start(known, 'google')
    let statements = 0
    const counting = app.database.db.withPlugin({
      transformQuery: ({ node }) => {
        statements += 1
        return node
      },
      transformResult: async ({ result }) => result,
    })
    const node = await startApp({ database: { ...app.database, db: counting }, config: app.config, idle: true })
    const told: (string | null)[] = []
    for (const each of [node, app]) each.auth.onSessionEnded(({ sessionId }, here) => here && told.push(sessionId))
    const before = statements
    await Promise.all([node.auth.users.setDisabled(known.id, true), app.auth.users.setDisabled(known.id, true)])
    expect(statements - before).toBeLessThan(50)
    expect(new Set(told).size).toBe(told.length)
    expect(await app.auth.sessions.list(String(known.id))).toEqual([])
    await node.close()
  })

  test('S23 disabling a user also ends the session of a sign-in in progress', async () => {
    await signIn(app, issuer)
    let found: (user: User) => Promise<void> = () => Promise.resolve()
    class Directory extends KyselyUserDirectory {
      override async update(id: UserId, profile: ExternalProfile): Promise<User> {
        const user = await super.update(id, profile)
        await found(user)
        return user
      }
    }
    const node = await startApp({
      database: url,
      users: (database) => new Directory(database, clock),
      runtime: { clock },
      config: { providers: [googleAt(issuer)] },
    })
    found = ({ id }) => app.auth.users.setDisabled(id, true)
    await expect(signIn(node, issuer)).rejects.toThrow('user_disabled')
    const [user] = await app.auth.users.list({ limit: 1 })
    expect(user?.disabled).toBe(true)
    expect(await app.auth.sessions.list(toUserKey(user?.id ?? 0))).toEqual([])
    await node.close()
  })

  test('the list of devices shows active sessions, and a device can be signed out', async () => {
    const phone = await signIn(app, issuer)
    const desk = await signIn(app, issuer)
    const list = async () =>
      (await (await app.request('/auth/sessions', { bearer: desk.access_token })).json()) as {
        sessions: { id: string; current: boolean; provider: string; ip: string }[]
      }
    const { sessions } = await list()
    expect(sessions.map(({ current, provider, ip }) => ({ current, provider, ip }))).toEqual(
      expect.arrayContaining([
        { current: true, provider: 'google', ip: '192.0.2.1' },
        { current: false, provider: 'google', ip: '192.0.2.1' },
      ]),
    )
    const other = sessions.find((session) => !session.current)
    const gone = await app.request(`/auth/sessions/${other?.id}`, { method: 'DELETE', bearer: desk.access_token })
    expect(gone.status).toBe(204)
    expect(await meStatus(phone.access_token)).toBe(401)
    expect((await list()).sessions).toHaveLength(1)
  })

  test('S31 no user can sign out the device of another user', async () => {
    const john = await signIn(app, issuer)
    issuer.person = { sub: 'person-3', name: 'Mallory' }
    const mallory = await signIn(app, issuer)
    issuer.person = { sub: 'person-1', name: 'John Doe' }
    const { sessionId } = await app.auth.tokens.verify(john.access_token)
    const response = await app.request(`/auth/sessions/${sessionId}`, {
      method: 'DELETE',
      bearer: mallory.access_token,
    })
    expect(response.status).toBe(404)
    expect(await meStatus(john.access_token)).toBe(200)
  })

  test('an operator finds a user by id, username or e-mail, and gets a token that can be revoked', async () => {
    const admin = { authorization: 'Bearer admin-key-of-the-tests' }
    const john = await signIn(app, issuer)
    for (const reference of [john.user.id, 'john_doe', String(john.user.id)]) {
      const response = await app.request('/admin/token', { headers: admin, body: { user: reference } })
      expect(response.status).toBe(201)
      const answer = (await response.json()) as TokenAnswer
      expect(answer.user.id).toBe(john.user.id)
      expect(answer).not.toHaveProperty('refresh_token')
      expect(await meStatus(answer.access_token)).toBe(200)
    }
    const revoked = await app.request(`/admin/sessions?user=john_doe`, { method: 'DELETE', headers: admin })
    expect(await revoked.json()).toEqual({ revoked: 4 })
    expect(await meStatus(john.access_token)).toBe(401)
    const unknown = await app.request('/admin/users/nobody', { headers: admin })
    expect({ status: unknown.status, code: (await problemOf(unknown)).code }).toEqual({
      status: 404,
      code: 'unknown_user',
    })
  })

  test('S24 a page of users after an invalid id is refused with invalid_request, on every database', async () => {
    const admin = { authorization: 'Bearer admin-key-of-the-tests' }
    for (const after of ['x', 'NaN', '1.5', 'Infinity', "1' or 1=1"]) {
      const response = await app.request(`/admin/users?after=${encodeURIComponent(after)}`, { headers: admin })
      expect([after, response.status, (await problemOf(response)).code]).toEqual([after, 400, 'invalid_request'])
    }
  })

  test('the list of users is paged and searched', async () => {
    const admin = { authorization: 'Bearer admin-key-of-the-tests' }
    for (const name of ['Ada Lovelace', 'Alan Turing', 'Grace Hopper']) {
      issuer.person = { sub: name, name, email: `${name.split(' ')[0]?.toLowerCase()}@gmail.com`, email_verified: true }
      await signIn(app, issuer)
    }
    issuer.person = { sub: 'person-1', name: 'John Doe' }
    type Page = { users: { username: string }[]; next_after: string | null }
    const page = async (query: string) =>
      (await (await app.request(`/admin/users${query}`, { headers: admin })).json()) as Page
    const first = await page('?limit=2')
    expect(first.users.map((user) => user.username)).toEqual(['ada_lovelace', 'alan_turing'])
    const rest = await page(`?limit=2&after=${first.next_after}`)
    expect(rest).toEqual({ users: [expect.objectContaining({ username: 'grace_hopper' })], next_after: null })
    expect((await page('?search=TURING')).users.map((user) => user.username)).toEqual(['alan_turing'])
    expect((await page('?search=a_')).users.map((user) => user.username)).toEqual(['ada_lovelace'])
    expect((await page('?search=%25')).users).toEqual([])
  })
})
