import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { SessionEnd } from '../../../src/auth/ports.ts'
import { type App, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { startByFetch, pathOf, problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { companyAt, googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'
import { codeByNavigation } from '../support/navigation.ts'

describeOverDatabases('Unlinking', (databases) => {
  let issuer: TestIssuer
  let other: TestIssuer
  let app: App
  let ends: SessionEnd[]

  beforeAll(async () => {
    issuer = await TestIssuer.start()
    other = await TestIssuer.start()
    app = await startApp({
      database: await databases.empty(),
      config: { providers: [googleAt(issuer), companyAt(other)] },
    })
    app.auth.onSessionEnded((end) => ends.push(end))
  })

  afterAll(async () => {
    await app.close()
    await issuer.close()
    await other.close()
  })

  beforeEach(async () => {
    await removeUsers(app.database)
    ends = []
    issuer.person = { sub: 'john', name: 'John Doe' }
    other.person = { sub: 'john-at-work', name: 'John Doe' }
  })

  async function link({ access_token: bearer }: TokenAnswer): Promise<void> {
    const answer = await app.request('/auth/company/link', { method: 'POST', bearer, body: {} })
    const { authorization_url: url } = (await answer.json()) as { authorization_url: string }
    expect((await app.request(pathOf(await other.authorize(url)), { bearer })).status).toBe(200)
  }

  const unlink = (john: TokenAnswer, query = '') =>
    app.request(`/auth/company/link${query}`, { method: 'DELETE', bearer: john.access_token })

  const meStatus = async ({ access_token: bearer }: TokenAnswer) => (await app.request('/auth/me', { bearer })).status

  async function accountsOf({ access_token: bearer }: TokenAnswer) {
    const answer = await app.request('/auth/accounts', { bearer })
    return ((await answer.json()) as { accounts: { id: string; provider: string; subject: string }[] }).accounts
  }

  test('S37 A6: ends the sessions that were started with the account, and no other', async () => {
    const john = await signIn(app, issuer)
    await link(john)
    const [atWork, byToken] = [await signIn(app, other, 'company'), await signInByIdToken()]
    expect(atWork.user.id).toBe(john.user.id)
    expect((await unlink(john)).status).toBe(204)
    expect(await Promise.all([john, atWork, byToken].map(meStatus))).toEqual([200, 401, 401])
    const refreshed = await app.request('/auth/refresh', { body: { refresh_token: atWork.refresh_token } })
    expect((await problemOf(refreshed)).code).toBe('invalid_grant')
    expect(ends.map(({ reason }) => reason)).toEqual(['unlinked', 'unlinked'])
  })

  async function signInByIdToken(): Promise<TokenAnswer> {
    const answer = await app.request('/auth/company/nonce', { method: 'POST' })
    const { nonce } = (await answer.json()) as { nonce: string }
    const idToken = await other.sign(other.idTokenClaims(other.person, nonce))
    const signedIn = await app.request('/auth/company/id_token', { body: { id_token: idToken } })
    return (await signedIn.json()) as TokenAnswer
  }

  test('S37 A6: also ends the present session when the account started it', async () => {
    const john = await signIn(app, issuer)
    await link(john)
    const atWork = await signIn(app, other, 'company')
    expect((await unlink(atWork)).status).toBe(204)
    expect(await Promise.all([john, atWork].map(meStatus))).toEqual([200, 401])
  })

  test('S37 A6: voids a single-use code of a sign-in with the account', async () => {
    const john = await signIn(app, issuer)
    await link(john)
    const browser = new CookieJar(app)
    const code = await codeByNavigation(browser, other, '/auth/company?return_to=/')
    expect((await unlink(john)).status).toBe(204)
    const redeemed = await browser.send('/auth/token', { body: { focus_code: code } })
    expect((await problemOf(redeemed)).code).toBe('invalid_grant')
    expect(await app.auth.sessions.list(String(john.user.id))).toHaveLength(1)
  })

  test('A6: of two accounts of one provider removes the named one', async () => {
    const john = await signIn(app, issuer)
    await link(john)
    other.person = { sub: 'john-the-admin', name: 'John Doe' }
    await link(john)
    const asAdmin = await signIn(app, other, 'company')
    other.person = { sub: 'john-at-work', name: 'John Doe' }
    const atWork = await signIn(app, other, 'company')

    const unclear = await unlink(john)
    expect({ status: unclear.status, code: (await problemOf(unclear)).code }).toEqual({
      status: 409,
      code: 'account_ambiguous',
    })
    expect(await accountsOf(john)).toHaveLength(3)
    const unknown = await unlink(john, '?account=of-nobody')
    expect((await problemOf(unknown)).code).toBe('not_found')

    const admin = (await accountsOf(john)).find(({ subject }) => subject === 'john-the-admin')
    expect((await unlink(john, `?account=${admin?.id}`)).status).toBe(204)
    expect((await accountsOf(john)).map(({ subject }) => subject).toSorted()).toEqual(['john', 'john-at-work'])
    expect(await Promise.all([john, asAdmin, atWork].map(meStatus))).toEqual([200, 401, 200])
    // Now that there is one, its provider's name is enough again.
    expect((await unlink(john)).status).toBe(204)
    expect(await meStatus(atWork)).toBe(401)
  })

  test('A6: keeps the last account, even if it is named', async () => {
    const john = await signIn(app, issuer)
    const [account] = await accountsOf(john)
    const answer = await app.request(`/auth/google/link?account=${account?.id}`, {
      method: 'DELETE',
      bearer: john.access_token,
    })
    expect((await problemOf(answer)).code).toBe('last_account')
    expect(await meStatus(john)).toBe(200)
  })

  test('S37 A6: a sign-in in progress keeps no session when its account is unlinked', async () => {
    const john = await signIn(app, issuer)
    await link(john)
    const { authorization_url: url } = await startByFetch(app, 'company')
    const create = app.auth.sessions.start.bind(app.auth.sessions)
    app.auth.sessions.start = async (...args) => {
      await unlink(john)
      return await create(...args)
    }
    const answer = await app.request(pathOf(await other.authorize(url)))
    app.auth.sessions.start = create
    expect((await problemOf(answer)).code).toBe('invalid_grant')
    expect(await app.auth.sessions.list(String(john.user.id))).toHaveLength(1)
  })

  test.each([1, 2])(
    'S37 A6: when ending sessions fails the %i. time, no session of an unlinked account survives',
    async (failing) => {
      const john = await signIn(app, issuer)
      await link(john)
      const atWork = await signIn(app, other, 'company')
      const end = app.auth.sessions.endStartedWith.bind(app.auth.sessions)
      let calls = 0
      app.auth.sessions.endStartedWith = async (...args) => {
        calls += 1
        if (calls === failing) throw new Error('The database is away.')
        return await end(...args)
      }
      expect((await unlink(john)).status).toBe(500)
      app.auth.sessions.endStartedWith = end
      const isLinked = (await accountsOf(john)).some(({ provider }) => provider === 'company')
      expect([isLinked, await meStatus(atWork)]).toEqual(failing === 1 ? [true, 200] : [false, 401])
    },
  )

  test('the account of a session is deleted with the session', async () => {
    await signIn(app, issuer)
    const rows = () => app.database.db.selectFrom('focus_session_accounts').selectAll().execute()
    expect((await rows()).length).toBeGreaterThan(0)
    await app.database.db.updateTable('focus_sessions').set({ expires_at: 1 }).execute()
    await app.auth.sessions.purge()
    const left = await app.database.db.selectFrom('focus_sessions').selectAll().execute()
    expect(left).toEqual([])
  })
})
