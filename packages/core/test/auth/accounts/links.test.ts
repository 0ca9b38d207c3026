import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { toUserKey } from '../../../src/common/user-id.ts'
import { type App, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { pathOf, problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { companyAt, googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'
import { callbackByNavigation, codeByNavigation } from '../support/navigation.ts'

describeOverDatabases('A link', (databases) => {
  let issuer: TestIssuer
  let other: TestIssuer
  let app: App
  let startNode: () => Promise<App>

  beforeAll(async () => {
    issuer = await TestIssuer.start()
    other = await TestIssuer.start()
    const database = await databases.empty()
    startNode = () => startApp({ database, config: { providers: [googleAt(issuer), companyAt(other)] } })
    app = await startNode()
  })

  afterAll(async () => {
    await app.close()
    await issuer.close()
    await other.close()
  })

  beforeEach(async () => {
    await removeUsers(app.database)
    issuer.person = { sub: 'john', name: 'John Doe' }
    other.person = { sub: 'mallory', name: 'Mallory' }
  })

  /** John starts to link an account of the other provider. Returns the path of the callback. */
  async function linkCallback(
    browser: CookieJar,
    { access_token: bearer }: TokenAnswer,
    body: object = {},
  ): Promise<string> {
    const answer = await browser.send('/auth/company/link', { method: 'POST', bearer, body })
    const { authorization_url: url } = (await answer.json()) as { authorization_url: string }
    return pathOf(await other.authorize(url))
  }

  const providersOf = async ({ user }: TokenAnswer) =>
    (await app.auth.accounts.list(toUserKey(user.id))).map(({ provider }) => provider)

  const ends: readonly [string, string, (john: TokenAnswer) => Promise<unknown>][] = [
    ['logout', 'session_revoked', (john) => app.request('/auth/logout', { method: 'POST', bearer: john.access_token })],
    [
      'logout_all',
      'session_revoked',
      (john) => app.request('/auth/logout_all', { method: 'POST', bearer: john.access_token }),
    ],
    ['disabling', 'session_revoked', (john) => app.auth.users.setDisabled(john.user.id, true)],
    [
      'disabling and enabling',
      'session_revoked',
      async (john) => {
        await app.auth.users.setDisabled(john.user.id, true)
        await app.auth.users.setDisabled(john.user.id, false)
      },
    ],
  ]

  test.each(ends)('S37 A2: dies with its session: %s', async (_name, code, end) => {
    const browser = new CookieJar(app)
    const john = await signIn(app, issuer)
    const path = await linkCallback(browser, john)
    await end(john)
    const ended = await browser.navigate(path)
    expect({ status: ended.status, code: (await problemOf(ended)).code }).toEqual({ status: 401, code })
    expect(await providersOf(john)).toEqual(['google'])
  })

  test('S37 A2: ends with its session while the user is at the provider, on a page too', async () => {
    const browser = new CookieJar(app)
    const john = await signIn(app, issuer)
    const path = await linkCallback(browser, john, { return_to: '/settings' })
    other.misbehaviour.handle = async ({ url }) => {
      if (url === '/token') await app.request('/auth/logout', { method: 'POST', bearer: john.access_token })
      return false
    }
    const ended = await browser.navigate(path)
    delete other.misbehaviour.handle
    expect(ended.headers.get('location')).toMatch(/^\/settings\?error=session_revoked&/)
    expect(await providersOf(john)).toEqual(['google'])
  })

  test('S37 A2: an ID token that is checked while its session ends links nothing', async () => {
    const john = await signIn(app, issuer)
    // One that has to fetch the provider's keys.
    const node = await startNode()
    const answer = await node.request('/auth/company/nonce', { method: 'POST' })
    const { nonce } = (await answer.json()) as { nonce: string }
    const idToken = await other.sign(other.idTokenClaims(other.person, nonce))
    other.misbehaviour.handle = async ({ url }) => {
      if (url === '/jwks') await app.request('/auth/logout', { method: 'POST', bearer: john.access_token })
      return false
    }
    const ended = await node.request('/auth/company/link', { bearer: john.access_token, body: { id_token: idToken } })
    delete other.misbehaviour.handle
    expect((await problemOf(ended)).code).toBe('session_revoked')
    expect(await providersOf(john)).toEqual(['google'])
    await node.close()
  })

  describe('A one-time code', () => {
    /** John's sign-in has ended at its page, which has not redeemed the code yet. */
    async function issued(browser: CookieJar): Promise<{ focus_code: string | null }> {
      return { focus_code: await codeByNavigation(browser, issuer) }
    }
    const redeem = async (browser: CookieJar, body: object) => (await browser.send('/auth/token', { body })).status

    test.each(ends.slice(1))('S37 A2: dies with all sessions of its user: %s', async (_name, _code, end) => {
      const browser = new CookieJar(app)
      const john = await signIn(app, issuer)
      const body = await issued(browser)
      await end(john)
      expect(await redeem(browser, body)).toBe(400)
    })

    test('S37 A2: dies when an operator ends the sessions of a user who has none', async () => {
      const browser = new CookieJar(app)
      const body = await issued(browser)
      const [user] = await app.auth.users.list({ limit: 1 })
      expect(await app.auth.sessions.endAll(toUserKey(user?.id ?? 0), 'revoked')).toBe(0)
      expect(await redeem(browser, body)).toBe(400)
    })

    test('S37 A2: of a sign-in after that works, also when all sessions are ended twice', async () => {
      const browser = new CookieJar(app)
      const { user } = await signIn(app, issuer)
      await app.auth.sessions.endAll(toUserKey(user.id), 'logout_all')
      await app.auth.sessions.endAll(toUserKey(user.id), 'logout_all')
      expect(await redeem(browser, await issued(browser))).toBe(200)
    })

    test('S37 A2: lives on when one session of its user ends', async () => {
      const browser = new CookieJar(app)
      const { access_token: bearer } = await signIn(app, issuer)
      const body = await issued(browser)
      await app.request('/auth/logout', { method: 'POST', bearer })
      expect(await redeem(browser, body)).toBe(200)
    })
  })

  describe('with another user signed in at its end', () => {
    const signInAs = async (sub: string, browser: CookieJar, query = '') => {
      issuer.person = { sub, name: sub }
      return await browser.navigate(await callbackByNavigation(browser, issuer, `/auth/google${query}`))
    }

    test.each(['', '?return_to=/welcome'])('S37 A2: a sign-in of this browser (%s) voids it', async (query) => {
      const browser = new CookieJar(app)
      const john = await signIn(app, issuer)
      const path = await linkCallback(browser, john)
      expect((await signInAs('jane', browser, query)).status).toBeLessThan(400)
      const ended = await browser.navigate(path)
      expect((await problemOf(ended)).code).toBe('flow_not_bound')
      expect(await providersOf(john)).toEqual(['google'])
    })

    test('S37 A2: a sign-in that fetch began in this browser voids it on its way to its page', async () => {
      const browser = new CookieJar(app)
      const john = await signIn(app, issuer)
      const path = await linkCallback(browser, john)
      issuer.person = { sub: 'jane', name: 'Jane' }
      const start = await browser.send('/auth/google', { headers: { origin: 'http://localhost:3000' } })
      const { authorization_url: url } = (await start.json()) as { authorization_url: string }
      await browser.navigate(pathOf(await issuer.authorize(url)))
      expect((await problemOf(await browser.navigate(path))).code).toBe('flow_not_bound')
      expect(await providersOf(john)).toEqual(['google'])
    })

    test('S37 A2: a bearer token of another user links nothing, with the cookie or without', async () => {
      const browser = new CookieJar(app)
      const john = await signIn(app, issuer)
      issuer.person = { sub: 'jane', name: 'Jane' }
      const jane = await signIn(app, issuer)
      const as = { bearer: jane.access_token }
      for (const callsWithCookies of [true, false]) {
        const path = await linkCallback(browser, john)
        const ended = await (callsWithCookies ? browser.send(path, as) : app.request(path, as))
        expect((await problemOf(ended)).code).toBe('flow_not_bound')
      }
      expect([await providersOf(john), await providersOf(jane)]).toEqual([['google'], ['google']])
    })

    test('S04: other sign-ins of the browser still finish', async () => {
      const browser = new CookieJar(app)
      const john = await signIn(app, issuer)
      const [one, two] = [await browser.navigate('/auth/google'), await browser.navigate('/auth/google')]
      const path = await linkCallback(browser, john)
      const linked = await browser.navigate(path)
      expect(await linked.json()).toMatchObject({ linked: 'company' })
      for (const start of [two, one]) {
        const ended = await browser.navigate(pathOf(await issuer.authorize(start.headers.get('location') ?? '')))
        expect(ended.status).toBe(200)
      }
    })
  })
})
