import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { oidc } from '../../../src/auth/providers/oidc.ts'
import { type App, startApp } from '../support/app.ts'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { removeUsers } from '@focus-api/test-kit/databases/remove-rows'
import { callbackFor, pathOf, problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { TestIssuer } from '../support/issuer.ts'

/** The user that a sign-in belongs to: `work` and `home` are trusted with addresses, `forum` is not. */
describeOverDatabases('Accounts', (databases) => {
  let work: TestIssuer
  let home: TestIssuer
  let forum: TestIssuer
  let app: App
  /** A second node over the same database. */
  let twin: App

  beforeAll(async () => {
    ;[work, home, forum] = await Promise.all([TestIssuer.start(), TestIssuer.start(), TestIssuer.start()])
    const at = (name: string, { url, clientId, clientSecret }: TestIssuer, trustEmail: boolean) =>
      oidc({ name, issuer: url, clientId, clientSecret, trustEmail })
    const database = await databases.empty()
    const providers = [
      at('company', work, true),
      at('home', home, true),
      at('forum', forum, false),
      at('office', work, true),
    ]
    app = await startApp({ database, config: { providers } })
    twin = await startApp({ database, config: { providers } })
  })

  afterAll(async () => {
    await Promise.all([app.close(), twin.close()])
    await Promise.all([work.close(), home.close(), forum.close()])
  })

  beforeEach(async () => removeUsers(app.database))

  const issuerOf = (provider: string) => ({ work, office: work, home, forum })[provider] ?? work
  const alice = 'alice@startup.example'

  /** A user with a verified address, unless the claims differ. */
  const be = (provider: string, sub: string, claims: object = {}) => {
    issuerOf(provider).person = { sub, name: 'Alice', email: alice, email_verified: true, ...claims }
  }
  const enter = async (provider: string, sub: string, claims: object = {}): Promise<TokenAnswer> => {
    be(provider, sub, claims)
    return await signIn(app, issuerOf(provider), provider)
  }
  const refused = async (provider: string, sub: string, claims: object = {}) => {
    be(provider, sub, claims)
    const response = await app.request(await callbackFor(app, issuerOf(provider), provider))
    const { code, hint } = await problemOf(response)
    return { status: response.status, code, hint }
  }
  const link = async (token: string, provider: string, sub: string, claims: object = {}) => {
    be(provider, sub, claims)
    const started = await app.request(`/auth/${provider}/link`, { method: 'POST', bearer: token, body: {} })
    const { authorization_url: url } = (await started.json()) as { authorization_url: string }
    const linked = await app.request(pathOf(await issuerOf(provider).authorize(url)), { bearer: token })
    expect(linked.status).toBe(200)
  }
  const rows = async () => ({
    users: await app.database.db.selectFrom('focus_users').selectAll().orderBy('id').execute(),
    accounts: await app.database.db.selectFrom('focus_accounts').selectAll().orderBy('subject').execute(),
  })
  const emailOf = async ({ user }: TokenAnswer) => {
    const found = await app.auth.users.get(user.id)
    return { email: found?.email, emailVerified: found?.emailVerified }
  }

  test('S36 A1: a re-issued address does not sign its new holder in to the old one’s account', async () => {
    await enter('company', 'old')
    const before = await rows()
    expect(await refused('company', 'new')).toEqual({
      status: 409,
      code: 'account_exists',
      hint: expect.stringContaining('ask the operator'),
    })
    expect(await rows()).toEqual(before)
  })

  test('S36 A1: the issuer counts, not the name it is configured under', async () => {
    await enter('company', 'old')
    expect(await refused('office', 'new')).toMatchObject({ status: 409, code: 'account_exists' })
  })

  test('S36 A1: an issuer is no longer new for a user who linked it, by e-mail or explicitly', async () => {
    await enter('home', 'alice')
    await enter('company', 'old')
    expect((await rows()).users).toHaveLength(1)
    expect(await refused('company', 'new')).toMatchObject({ status: 409, code: 'account_exists' })
    await removeUsers(app.database)
    const { access_token: token } = await enter('home', 'alice')
    await link(token, 'company', 'old', { email: 'other@startup.example' })
    expect(await refused('company', 'new')).toMatchObject({ status: 409, code: 'account_exists' })
  })

  test('S36 A1: of two concurrent holders of one address, at most one is linked', async () => {
    for (let round = 0; round < 10; round += 1) {
      await removeUsers(app.database)
      const { user } = await enter('home', 'alice')
      const paths: string[] = []
      for (const sub of ['old', 'new']) {
        be('company', sub)
        paths.push(await callbackFor(app, work, 'company'))
      }
      const statuses = await Promise.all(paths.map(async (path) => (await app.request(path)).status))
      const { users, accounts } = await rows()
      expect(users.map(({ id }) => id)).toEqual([user.id])
      expect(statuses.filter((status) => status === 200)).toHaveLength(accounts.length - 1)
      expect(statuses).toContain(409)
    }
  })

  test('S36 A1: an app’s ID token links no re-issued address either', async () => {
    await enter('company', 'old')
    be('company', 'new')
    const nonce = (await (await app.request('/auth/company/nonce', { method: 'POST' })).json()) as { nonce: string }
    const token = await work.sign(work.idTokenClaims(work.person, nonce.nonce))
    const response = await app.request('/auth/company/id_token', { body: { id_token: token } })
    expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
      status: 409,
      code: 'account_exists',
    })
  })

  test('S36 A1 A6: an issuer that the user unlinked returns only explicitly', async () => {
    const { user, access_token: token } = await enter('home', 'alice')
    await enter('company', 'old')
    expect((await app.request('/auth/company/link', { method: 'DELETE', bearer: token })).status).toBe(204)
    const before = await rows()
    for (const sub of ['old', 'new']) {
      expect(await refused('company', sub)).toMatchObject({ status: 409, code: 'account_exists' })
    }
    expect(await rows()).toEqual(before)
    await link(token, 'company', 'old')
    expect((await enter('company', 'old')).user.id).toBe(user.id)
    // An issuer that is unlinked twice is stored once.
    expect((await app.request('/auth/company/link', { method: 'DELETE', bearer: token })).status).toBe(204)
  })

  test('S36 A1: a user may link a second account of one issuer explicitly', async () => {
    const { user, access_token: token } = await enter('company', 'old')
    await link(token, 'company', 'second')
    expect((await enter('company', 'second')).user.id).toBe(user.id)
  })

  test('S36 A4: addresses that differ beyond ASCII case belong to two users', async () => {
    const mike = await enter('company', 'mike', { email: 'Mike@corp.example' })
    const other = await enter('home', 'kelvin', { email: 'mi\u212Ae@corp.example' })
    expect(other.user.id).not.toBe(mike.user.id)
    expect([await emailOf(mike), await emailOf(other)]).toEqual([
      { email: 'mike@corp.example', emailVerified: true },
      { email: 'mi\u212Ae@corp.example', emailVerified: true },
    ])
    expect((await app.auth.users.resolve('mi\u212Ae@CORP.example'))?.id).toBe(other.user.id)
    expect((await enter('home', 'mike', { email: 'MIKE@corp.example' })).user.id).toBe(mike.user.id)
  })

  test('A4: an address of 320 letters that would grow when folded is kept whole', async () => {
    const email = `${'\u0130'.repeat(307)}@corp.example`
    expect(await emailOf(await enter('company', 'long', { email }))).toEqual({ email, emailVerified: true })
    expect(await emailOf(await enter('company', 'longer', { email: `i${email}` }))).toEqual({
      email: null,
      emailVerified: false,
    })
  })

  test('S36 A5: a verified claim takes the address from an unverified user, and never the account', async () => {
    const squatter = await enter('forum', 'squatter')
    const owner = await enter('company', 'alice')
    expect(owner.user.id).not.toBe(squatter.user.id)
    expect(await emailOf(owner)).toEqual({ email: alice, emailVerified: true })
    expect(await emailOf(squatter)).toEqual({ email: null, emailVerified: false })
    expect((await rows()).accounts).toHaveLength(2)
    const again = await enter('forum', 'squatter')
    expect(again.user.id).toBe(squatter.user.id)
    expect(await emailOf(again)).toEqual({ email: null, emailVerified: false })
  })

  test('A5: a user of the same issuer who has not verified the address also loses it', async () => {
    const first = await enter('company', 'old', { email_verified: false })
    const second = await enter('company', 'new')
    expect(second.user.id).not.toBe(first.user.id)
    expect([await emailOf(first), await emailOf(second)]).toEqual([
      { email: null, emailVerified: false },
      { email: alice, emailVerified: true },
    ])
  })

  test('A5: a returning user who verifies an address takes it from a user who has not', async () => {
    const owner = await enter('company', 'alice', { email: 'alice@old.example' })
    const squatter = await enter('forum', 'squatter')
    await enter('company', 'alice')
    expect([await emailOf(owner), await emailOf(squatter)]).toEqual([
      { email: alice, emailVerified: true },
      { email: null, emailVerified: false },
    ])
  })

  test('A5: an address that no user has verified keeps its holder', async () => {
    await enter('forum', 'first')
    const before = await rows()
    expect(await refused('home', 'second', { email_verified: false })).toMatchObject({ code: 'account_exists' })
    expect(await rows()).toEqual(before)
  })

  test('A5: when a squatter and the owner sign in at once, the owner gets the address', async () => {
    for (let round = 0; round < 10; round += 1) {
      await removeUsers(app.database)
      be('forum', 'squatter')
      be('company', 'alice')
      const paths = [await callbackFor(app, forum, 'forum'), await callbackFor(app, work, 'company')]
      const [squatter, owner] = await Promise.all(paths.map((path) => app.request(path)))
      expect(owner?.status).toBe(200)
      expect([200, 409]).toContain(squatter?.status)
      expect(await emailOf((await owner?.json()) as TokenAnswer)).toEqual({ email: alice, emailVerified: true })
    }
  })

  test('S36 A5 A7: when two accounts of one user sign in at once, neither address gets the verification of the other', async () => {
    for (let round = 0; round < 10; round += 1) {
      await removeUsers(app.database)
      const mine = 'mallory@startup.example'
      const first = await enter('forum', 'mallory', { email: mine })
      await link(first.access_token, 'home', 'mallory', { email: mine })
      be('forum', 'mallory')
      be('home', 'mallory', { email: mine })
      const fromForum = await callbackFor(app, forum, 'forum')
      const fromHome = await callbackFor(app, home, 'home')
      const answers = await Promise.all([twin.request(fromForum), app.request(fromHome)])
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect([
        { email: mine, emailVerified: true },
        { email: alice, emailVerified: false },
      ]).toContainEqual(await emailOf(first))
      const owner = await enter('company', 'alice')
      expect(owner.user.id).not.toBe(first.user.id)
    }
  })

  test('S36 A7: only the account a user was created with refreshes the profile', async () => {
    const first = await enter('company', 'alice', { locale: 'fr' })
    await link(first.access_token, 'forum', 'pen-name')
    const second = await enter('forum', 'pen-name', {
      name: 'Pen Name',
      picture: 'https://pictures.example/pen.png',
      locale: 'en',
      email: 'pen@forum.example',
    })
    expect(second.user).toEqual({ ...first.user, avatar_url: 'https://pictures.example/pen.png' })
    expect(await app.auth.users.get(first.user.id)).toMatchObject({ email: alice, emailVerified: true, locale: 'fr' })
    const third = await enter('company', 'alice', { name: 'Alice A.', picture: 'https://pictures.example/alice.png' })
    expect(third.user).toMatchObject({ full_name: 'Alice A.', avatar_url: 'https://pictures.example/alice.png' })
  })

  test('A7: a further account releases no address to other users', async () => {
    const { access_token: token } = await enter('company', 'alice')
    await link(token, 'home', 'moved', { email: 'moved@startup.example' })
    await enter('home', 'moved', { email: 'moved@startup.example' })
    expect(await refused('company', 'mallory')).toMatchObject({ status: 409, code: 'account_exists' })
  })

  test('A7: a further account fills empty fields, and the address unless another user has it', async () => {
    const bare = { name: undefined, email: undefined, email_verified: undefined }
    const first = await enter('company', 'alice', bare)
    await link(first.access_token, 'home', 'alice')
    await enter('home', 'other', { email: 'other@startup.example' })
    const other = { email: 'other@startup.example' }
    expect(await emailOf(await enter('home', 'alice', other))).toEqual({ email: null, emailVerified: false })
    expect((await enter('home', 'alice')).user).toMatchObject({ id: first.user.id, full_name: 'Alice', email: alice })
    expect(await emailOf(first)).toEqual({ email: alice, emailVerified: true })
  })

  test('A7: the oldest account that is left becomes the primary one', async () => {
    const first = await enter('company', 'alice')
    await link(first.access_token, 'home', 'alice')
    await link(first.access_token, 'forum', 'alice')
    const undone = await app.request('/auth/company/link', { method: 'DELETE', bearer: first.access_token })
    expect(undone.status).toBe(204)
    expect((await enter('forum', 'alice', { name: 'Forum' })).user.full_name).toBe('Alice')
    expect((await enter('home', 'alice', { name: 'Home' })).user.full_name).toBe('Home')
  })

  test('A22: names are cut between characters, and joined when the full name is missing', async () => {
    const family = '👩\u200D👩\u200D👧\u200D👦'
    const long = await enter('company', 'long', { name: `${'n'.repeat(250)}${family}` })
    expect(long.user.full_name).toBe('n'.repeat(250))
    const parts = { name: undefined, given_name: 'Ada', family_name: 'Lovelace', email: undefined }
    expect((await enter('company', 'parts', parts)).user).toMatchObject({
      full_name: 'Ada Lovelace',
      username: 'ada_lovelace',
    })
  })

  test('V14: a picture of this machine is kept in development only, and none with credentials', async () => {
    const pictures = async (node: App) => {
      const kept: unknown[] = []
      for (const picture of [
        'http://localhost/a.png',
        'https://10.0.0.1/a.png',
        'https://a:b@pictures.example/a.png',
      ]) {
        be('company', picture, { email: undefined, picture })
        kept.push((await signIn(node, work, 'company')).user.avatar_url)
      }
      return kept
    }
    expect(await pictures(app)).toEqual(['http://localhost/a.png', null, null])
    const production = await startApp({
      database: await databases.empty(),
      config: { providers: app.config.providers, publicUrl: 'https://app.example' },
    })
    expect(await pictures(production)).toEqual([null, null, null])
    await production.close()
  })
})
