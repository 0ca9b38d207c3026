import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { oidc } from '../../../src/auth/providers/oidc.ts'
import { type App, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { callbackFor, pathOf, problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'

describeOverDatabases('Identity', (databases) => {
  let issuer: TestIssuer
  let other: TestIssuer
  let app: App

  beforeAll(async () => {
    ;[issuer, other] = await Promise.all([TestIssuer.start(), TestIssuer.start()])
    const { clientId, clientSecret } = other
    const at = (name: string, trustEmail: boolean) =>
      oidc({ name, issuer: other.url, clientId, clientSecret, trustEmail, idTokenAudiences: ['mobile-app'] })
    // From the start, because metadata is read once.
    other.userInfo = {}
    app = await startApp({
      database: await databases.empty(),
      config: { providers: [googleAt(issuer), at('stranger', false), at('trusted', true)] },
    })
  })

  afterAll(async () => {
    await app.close()
    await Promise.all([issuer.close(), other.close()])
  })

  beforeEach(async () => {
    await removeUsers(app.database)
    issuer.person = { sub: 'john', name: 'John Doe', email: 'john@gmail.com', email_verified: true }
    other.person = { sub: 'john', name: 'John at work', email: 'john@gmail.com', email_verified: true }
    other.userInfo = {}
  })

  const rows = async () => ({
    users: await app.database.db.selectFrom('focus_users').selectAll().execute(),
    accounts: await app.database.db.selectFrom('focus_accounts').selectAll().execute(),
  })

  const refusedSignIn = async (provider: string) => {
    const response = await app.request(await callbackFor(app, other, provider))
    return { status: response.status, code: (await problemOf(response)).code }
  }

  test('S12 the same subject at another issuer is another user', async () => {
    other.person = { sub: 'john', name: 'Another John' }
    const [first, second] = [await signIn(app, issuer), await signIn(app, other, 'stranger')]
    expect(second.user.id).not.toBe(first.user.id)
  })

  test('S12 a user who changes the e-mail address stays the same user', async () => {
    const first = await signIn(app, issuer)
    issuer.person = { ...issuer.person, email: 'john.doe@gmail.com' }
    const second = await signIn(app, issuer)
    expect(second.user).toEqual({ ...first.user, email: 'john.doe@gmail.com' })
  })

  test('S13 an e-mail that a trusted provider verified links to the user who has it verified', async () => {
    const first = await signIn(app, issuer)
    const second = await signIn(app, other, 'trusted')
    expect(second.user.id).toBe(first.user.id)
    expect((await rows()).accounts).toHaveLength(2)
  })

  test('S13 a provider that is not trusted does not link, and no row changes', async () => {
    await signIn(app, issuer)
    const before = await rows()
    expect(await refusedSignIn('stranger')).toEqual({ status: 409, code: 'account_exists' })
    expect(await rows()).toEqual(before)
  })

  test.each([false, 'true', 1, undefined])('S13 email_verified %j does not link', async (verified) => {
    await signIn(app, issuer)
    const before = await rows()
    other.person = { ...other.person, email_verified: verified }
    expect(await refusedSignIn('trusted')).toEqual({ status: 409, code: 'account_exists' })
    expect(await rows()).toEqual(before)
  })

  test('S13 an unverified local e-mail address proves nothing', async () => {
    const squatter = await signIn(app, other, 'stranger')
    expect((await signIn(app, issuer)).user.id).not.toBe(squatter.user.id)
  })

  test('S13 Google is believed for gmail.com and Workspace addresses only', async () => {
    const verifiedAfter = async (claims: object) => {
      issuer.person = { name: 'Somebody', email_verified: true, ...claims }
      const { user } = await signIn(app, issuer)
      return (await app.auth.users.get(user.id))?.emailVerified
    }
    expect(await verifiedAfter({ sub: 'a', email: 'a@gmail.com' })).toBe(true)
    expect(await verifiedAfter({ sub: 'b', email: 'b@company.example', hd: 'company.example' })).toBe(true)
    expect(await verifiedAfter({ sub: 'c', email: 'c@elsewhere.example' })).toBe(false)
    expect(await verifiedAfter({ sub: 'd', email: 'd@notgmail.com' })).toBe(false)
  })

  test('S13 an address of the ID token is not verified by user-info about another address', async () => {
    other.userInfo = { email_verified: true, email: 'somebody-else@gmail.com', name: 'John' }
    other.person = { sub: 'mallory', email: 'john@gmail.com' }
    await signIn(app, issuer)
    expect(await refusedSignIn('trusted')).toEqual({ status: 409, code: 'account_exists' })
  })

  test('S13 the case of an e-mail address creates no second user', async () => {
    const first = await signIn(app, issuer)
    other.person = { ...other.person, email: 'JOHN@gmail.com' }
    expect((await signIn(app, other, 'trusted')).user.id).toBe(first.user.id)
  })

  test('S14 of two concurrent users with one e-mail address, only one gets it', async () => {
    // Without proof on either side the first one keeps it.
    issuer.person = { ...issuer.person, email_verified: false }
    const paths = [await callbackFor(app, issuer), await callbackFor(app, other, 'stranger')]
    const statuses = await Promise.all(paths.map(async (path) => (await app.request(path)).status))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409])
    expect((await rows()).users).toHaveLength(1)
  })

  test('an e-mail that another user has does not stop a returning person', async () => {
    await signIn(app, issuer)
    other.person = { sub: 'jane', name: 'Jane Doe', email: 'jane@work.example' }
    const jane = await signIn(app, other, 'stranger')
    other.person = { sub: 'jane', name: 'Jane D.', email: 'john@gmail.com' }
    expect((await signIn(app, other, 'stranger')).user).toEqual({ ...jane.user, full_name: 'Jane D.' })
  })

  describe('Linking', () => {
    const link = (token: string, body: object = {}) => ({ method: 'POST', bearer: token, body })

    test('adds a provider to the signed-in user, who then signs in with either', async () => {
      const john = await signIn(app, issuer)
      const browser = new CookieJar(app)
      const started = await browser.send('/auth/stranger/link', link(john.access_token))
      const { authorization_url: url } = (await started.json()) as { authorization_url: string }
      const ended = await browser.navigate(pathOf(await other.authorize(url)))
      expect(await ended.json()).toEqual({ linked: 'stranger', user: john.user })
      expect((await signIn(app, other, 'stranger')).user.id).toBe(john.user.id)
    })

    test('ends only where it started: a link sent to another user does nothing', async () => {
      const mallory = await signIn(app, issuer)
      const started = await app.request('/auth/stranger/link', link(mallory.access_token))
      const { authorization_url: url } = (await started.json()) as { authorization_url: string }
      const callback = pathOf(await other.authorize(url))
      const victim = await new CookieJar(app).navigate(callback)
      expect((await problemOf(victim)).code).toBe('flow_not_bound')
      const withToken = await app.request(callback, { bearer: mallory.access_token })
      expect(withToken.status).toBe(200)
    })

    test('refuses an account that is another user’s, and the removal of the last one', async () => {
      const john = await signIn(app, issuer)
      other.person = { sub: 'jane', name: 'Jane Doe' }
      await signIn(app, other, 'stranger')
      const started = await app.request('/auth/stranger/link', link(john.access_token))
      const { authorization_url: url } = (await started.json()) as { authorization_url: string }
      const taken = await app.request(pathOf(await other.authorize(url)), { bearer: john.access_token })
      expect({ status: taken.status, code: (await problemOf(taken)).code }).toEqual({
        status: 409,
        code: 'account_linked_elsewhere',
      })
      const last = await app.request('/auth/google/link', { method: 'DELETE', bearer: john.access_token })
      expect({ status: last.status, code: (await problemOf(last)).code }).toEqual({ status: 409, code: 'last_account' })
    })

    test('S13 leaves one account to sign in with, also when all are taken away at once', async () => {
      for (let round = 0; round < 10; round += 1) {
        issuer.person = { sub: `john-${round}`, name: 'John Doe' }
        other.person = { sub: `john-${round}`, name: 'John Doe' }
        const john = await signIn(app, issuer)
        const started = await app.request('/auth/stranger/link', link(john.access_token))
        const { authorization_url: url } = (await started.json()) as { authorization_url: string }
        await app.request(pathOf(await other.authorize(url)), { bearer: john.access_token })
        const answers = await Promise.all(
          ['google', 'stranger'].map((provider) =>
            app.request(`/auth/${provider}/link`, { method: 'DELETE', bearer: john.access_token }),
          ),
        )
        expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
      }
    })

    test('can be undone', async () => {
      const john = await signIn(app, issuer)
      const trusted = await signIn(app, other, 'trusted')
      const undone = await app.request('/auth/google/link', { method: 'DELETE', bearer: john.access_token })
      expect(undone.status).toBe(204)
      const accounts = await app.request('/auth/accounts', { bearer: trusted.access_token })
      expect(await accounts.json()).toEqual({
        accounts: [{ id: expect.any(String), provider: 'trusted', issuer: other.url, subject: 'john' }],
      })
    })
  })

  describe("An app's ID token", () => {
    const nonceFrom = async (provider = 'trusted') => {
      const response = await app.request(`/auth/${provider}/nonce`, { method: 'POST' })
      return ((await response.json()) as { nonce: string }).nonce
    }
    const send = (idToken: string, provider = 'trusted') =>
      app.request(`/auth/${provider}/id_token`, { body: { id_token: idToken } })
    const tokenWith = (nonce: string | null, claims: object = {}) =>
      other.sign({ ...other.idTokenClaims(other.person, nonce), ...claims })

    test('S35 with a nonce of this server signs in, once', async () => {
      const token = await tokenWith(await nonceFrom())
      const response = await send(token)
      expect(response.status).toBe(200)
      expect(((await response.json()) as TokenAnswer).user.email).toBe('john@gmail.com')
      expect((await problemOf(await send(token))).code).toBe('id_token_invalid')
    })

    test('S35 with a nonce of its own, of another provider, or none is refused', async () => {
      for (const nonce of ['made-up', await nonceFrom('stranger'), null]) {
        const response = await send(await tokenWith(nonce))
        expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
          status: 400,
          code: 'id_token_invalid',
        })
      }
    })

    test('S35 needs an audience from the list', async () => {
      expect((await send(await tokenWith(await nonceFrom(), { aud: 'mobile-app' }))).status).toBe(200)
      expect((await send(await tokenWith(await nonceFrom(), { aud: 'somebody-elses-app' }))).status).toBe(400)
    })

    test('S35 that is forged leaves the nonce unused', async () => {
      const nonce = await nonceFrom()
      const [header, payload] = (await tokenWith(nonce)).split('.')
      expect((await send(`${header}.${payload}.forged`)).status).toBe(400)
      expect((await send(await tokenWith(nonce))).status).toBe(200)
    })

    test('S35 is never an access token', async () => {
      const token = await tokenWith(await nonceFrom())
      expect((await app.request('/auth/me', { bearer: token })).status).toBe(401)
    })
  })
})
