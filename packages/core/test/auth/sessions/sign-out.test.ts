import { beforeEach, describe, expect, test } from 'vitest'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import { createOriginPolicy } from '../../../src/net/origin-policy.ts'
import { type App, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { pathOf, problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { codeByNavigation } from '../support/navigation.ts'
import { sharedIssuer } from '../support/shared.ts'

const cookie = '__Host-focus_refresh'
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

const issuer = await sharedIssuer()
let app: App
let clock: ManualClock

beforeEach(async () => {
  clock = manualClock()
  issuer.clock = clock
  issuer.person = { sub: 'john', name: 'John Doe' }
  const publicUrl = 'https://focus.example'
  const origins = createOriginPolicy({ allowedOrigins: [], publicUrl })
  app = await startApp({
    runtime: { clock },
    config: { providers: [googleAt(issuer)], publicUrl, origins, refreshDelivery: 'cookie' },
  })
  return async () => await app.close()
})

/** A sign-in whose refresh token is in the browser's cookie. */
async function signInWith(browser: CookieJar, headers: Record<string, string> = sameOrigin): Promise<TokenAnswer> {
  const code = await codeByNavigation(browser, issuer)
  const response = await browser.send('/auth/token', { body: { focus_code: code }, headers })
  expect(response.status).toBe(200)
  return (await response.json()) as TokenAnswer
}

const send = (browser: CookieJar, path: string, bearer?: string, headers: Record<string, string> = sameOrigin) =>
  browser.send(path, { method: 'POST', headers, ...(bearer === undefined ? {} : { bearer }) })

const sessionsOf = async ({ user }: TokenAnswer) => await app.auth.sessions.list(String(user.id))

describe('Signing out', () => {
  test('S39 A14: with an expired access token and a valid cookie ends the session and removes the cookie', async () => {
    const browser = new CookieJar(app)
    const john = await signInWith(browser)
    clock.advance(2 * 3_600_000)
    expect((await send(browser, '/auth/logout', john.access_token)).status).toBe(204)
    expect(browser.names).not.toContain(cookie)
    expect(await sessionsOf(john)).toEqual([])
  })

  test.each([undefined, 'no.token.here'])(
    'S39 A14: with the cookie and %s as access token ends the session',
    async (bearer) => {
      const browser = new CookieJar(app)
      const john = await signInWith(browser)
      expect((await send(browser, '/auth/logout', bearer)).status).toBe(204)
      expect(browser.names).not.toContain(cookie)
      expect(await sessionsOf(john)).toEqual([])
    },
  )

  test('S39 A14: with a cookie whose session has ended removes the cookie', async () => {
    const browser = new CookieJar(app)
    const john = await signInWith(browser)
    await app.auth.sessions.endAll(String(john.user.id), 'revoked')
    expect((await send(browser, '/auth/logout', john.access_token)).status).toBe(204)
    expect(browser.names).not.toContain(cookie)
  })

  test('S39 A14: with an expired access token and a refresh token in the body ends the session', async () => {
    const john = await signIn(app, issuer)
    clock.advance(2 * 3_600_000)
    const bearer = john.access_token
    expect((await app.request('/auth/logout', { bearer, body: { refresh_token: john.refresh_token } })).status).toBe(
      204,
    )
    expect(await sessionsOf(john)).toEqual([])
  })

  test('S39 A14: with an expired access token and the cookie of another session ends the proven session', async () => {
    const browser = new CookieJar(app)
    const [phone, john] = [await signIn(app, issuer), await signInWith(browser)]
    clock.advance(2 * 3_600_000)
    await send(browser, '/auth/logout', phone.access_token)
    expect(await sessionsOf(john)).toHaveLength(1)
    const refreshed = await app.request('/auth/refresh', { body: { refresh_token: phone.refresh_token } })
    expect(refreshed.status).toBe(200)
  })

  test('A14: without proof of a session is refused', async () => {
    const john = await signIn(app, issuer)
    expect((await problemOf(await app.request('/auth/logout', { method: 'POST' }))).code).toBe('unauthenticated')
    clock.advance(2 * 3_600_000)
    for (const path of ['/auth/logout', '/auth/logout_all']) {
      const answer = await app.request(path, { method: 'POST', bearer: john.access_token })
      expect({ status: answer.status, code: (await problemOf(answer)).code }).toEqual({
        status: 401,
        code: 'token_expired',
      })
    }
    expect(await sessionsOf(john)).toHaveLength(1)
  })

  test('S26 A14: from a page of a sibling domain, the cookie proves nothing and stays', async () => {
    const browser = new CookieJar(app)
    const john = await signInWith(browser)
    const sibling = { 'sec-fetch-site': 'same-site', origin: 'https://blog.focus.example' }
    expect((await send(browser, '/auth/logout', undefined, sibling)).status).toBe(401)
    expect(browser.names).toContain(cookie)
    expect(await sessionsOf(john)).toHaveLength(1)
  })

  test('S39 A14: on all devices works with an expired access token and a valid cookie', async () => {
    const browser = new CookieJar(app)
    const [phone, john] = [await signIn(app, issuer), await signInWith(browser)]
    clock.advance(2 * 3_600_000)
    expect((await send(browser, '/auth/logout_all', john.access_token)).status).toBe(204)
    expect(await sessionsOf(phone)).toEqual([])
    expect(browser.names).not.toContain(cookie)
  })

  test('S22 A14: a refresh token that was used long ago ends only its own session', async () => {
    const [phone, laptop] = [await signIn(app, issuer), await signIn(app, issuer)]
    const withToken = (path: string) =>
      app.request(path, { body: { refresh_token: phone.refresh_token }, headers: sameOrigin })
    expect((await withToken('/auth/refresh')).status).toBe(200)
    clock.advance(31_000)
    expect((await withToken('/auth/logout_all')).status).toBe(401)
    expect(await sessionsOf(laptop)).toHaveLength(2)
    expect((await withToken('/auth/logout')).status).toBe(204)
    expect(await sessionsOf(laptop)).toHaveLength(1)
  })

  test('S39 A14: a refresh with an invalid grant removes the cookie, and no other failure does', async () => {
    const browser = new CookieJar(app)
    const john = await signInWith(browser)
    const stranger = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    expect((await send(browser, '/auth/refresh', undefined, stranger)).status).toBe(403)
    expect(browser.names).toContain(cookie)
    await app.auth.sessions.endAll(String(john.user.id), 'revoked')
    const refreshed = await send(browser, '/auth/refresh')
    expect(await problemOf(refreshed)).toMatchObject({ code: 'invalid_grant', error: 'invalid_grant' })
    expect(browser.names).not.toContain(cookie)
  })
})

describe('Signing in again', () => {
  const reasons: string[] = []
  beforeEach(() => {
    reasons.length = 0
    app.auth.onSessionEnded(({ reason }) => reasons.push(reason))
  })

  test('A20: in one browser ends the session that the cookie held', async () => {
    const browser = new CookieJar(app)
    const first = await signInWith(browser)
    const second = await signInWith(browser)
    expect(await sessionsOf(second)).toHaveLength(1)
    expect(reasons).toEqual(['replaced'])
    expect((await app.request('/auth/me', { bearer: first.access_token })).status).toBe(401)
    expect((await app.request('/auth/me', { bearer: second.access_token })).status).toBe(200)
    expect((await send(browser, '/auth/refresh')).status).toBe(200)
  })

  test('A20: with the access token of the old session ends that session', async () => {
    const first = await signIn(app, issuer)
    const { state, authorization_url: url } = (await (await app.request('/auth/google')).json()) as {
      state: string
      authorization_url: string
    }
    expect(state).not.toBe('')
    const callback = await app.request(pathOf(await issuer.authorize(url)), { bearer: first.access_token })
    expect(callback.status).toBe(200)
    expect(await sessionsOf(first)).toHaveLength(1)
    expect(reasons).toEqual(['replaced'])
  })

  test('A20: in another browser, or as another user, ends nothing', async () => {
    const browser = new CookieJar(app)
    const john = await signInWith(browser)
    await signInWith(new CookieJar(app))
    expect(await sessionsOf(john)).toHaveLength(2)
    issuer.person = { sub: 'jane', name: 'Jane Doe' }
    await signInWith(browser)
    expect(await sessionsOf(john)).toHaveLength(2)
    expect(reasons).toEqual([])
  })
})
