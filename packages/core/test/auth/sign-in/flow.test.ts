import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { oidc } from '../../../src/auth/providers/oidc.ts'
import { createOriginPolicy } from '../../../src/net/origin-policy.ts'
import { KyselySingleUseStore } from '../../../src/storage/stores/single-use-store.ts'
import { publicUrl, startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { startByFetch, callbackFor, pathOf, problemOf, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { callbackByNavigation } from '../support/navigation.ts'
import { sharedApp, sharedIssuer } from '../support/shared.ts'

const clock = manualClock()
const issuer = await sharedIssuer(clock)
const other = oidc({
  name: 'other',
  issuer: issuer.url,
  clientId: issuer.clientId,
  clientSecret: issuer.clientSecret,
})
const app = await sharedApp({
  runtime: { clock },
  config: { providers: [googleAt(issuer), other], returnTo: ['https://app.example'] },
})

afterEach(() => {
  issuer.misbehaviour.callbackIss = issuer.url
})

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({ status, code })
}

describe('The state', () => {
  test('S01 V1: has at least 128 random bits, is sealed, and nothing is stored at its start', async () => {
    const { state, authorization_url: url } = await startByFetch(app)
    const [, salt = ''] = state.split('.')
    expect(Buffer.from(salt, 'base64url').length).toBeGreaterThanOrEqual(16)
    expect((await startByFetch(app)).state).not.toBe(state)
    const { searchParams } = new URL(url)
    const text = state.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    for (const word of ['google', 'codeVerifier', searchParams.get('nonce') ?? ''])
      expect(text.join()).not.toContain(word)
    expect(await app.database.db.selectFrom('focus_one_time').selectAll().execute()).toEqual([])
  })

  test('S01 V1: only the SHA-256 of the state of a finished sign-in is stored, and later deleted', async () => {
    const path = await callbackFor(app, issuer)
    const state = new URL(publicUrl + path).searchParams.get('state') ?? ''
    await app.request(path)
    const rows = () => app.database.db.selectFrom('focus_one_time').selectAll().execute()
    expect((await rows()).map((row) => row.secret_hash)).toContain(createHash('sha256').update(state).digest('hex'))
    expect(JSON.stringify(await rows())).not.toContain(state)
    const store = new KyselySingleUseStore(app.database, clock)
    await store.purge(clock() + 10 * 60_000)
    await expectProblem(await app.request(path), 400, 'invalid_state')
    clock.advance(11 * 60_000)
    await store.purge(clock())
    expect(await rows()).toEqual([])
  })

  test('V1: neither a start nor a forged state causes a query', async () => {
    const away = await startApp({ idle: true, config: { providers: [googleAt(issuer)] } })
    const { state } = await startByFetch(away)
    await away.database.close()
    await startByFetch(away, 'google', '?redirect=0')
    const changed = state.slice(0, -1) + (state.endsWith('A') ? 'B' : 'A')
    for (const made of ['unknown', 'v1.a.b.c', changed, `${state}=`, 'x'.repeat(4_000), '🦊']) {
      const response = await away.request(`/auth/google/callback?code=c&state=${encodeURIComponent(made)}`)
      await expectProblem(response, 400, 'invalid_state')
    }
    await away.auth.close()
  })

  test('V1: fits into 500 characters, and into 2,048 with the longest return address', async () => {
    expect((await startByFetch(app)).state.length).toBeLessThan(500)
    const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url')
    const start = (address: string) =>
      app.request(`/auth/google?code_challenge=${challenge}&return_to=${encodeURIComponent(address)}`, {
        headers: { origin: 'http://localhost:3000' },
      })
    const longest = await start(`/${'p'.repeat(1_023)}`)
    const { state } = (await longest.json()) as { state: string }
    expect(state.length).toBeLessThan(2_048)
    await expectProblem(await start(`/${'p'.repeat(1_024)}`), 400, 'invalid_request')
    await expectProblem(await start(`/${'é'.repeat(400)}`), 400, 'return_to_not_allowed')
  })

  test('S32 V1: opens with an older secret too, and with no unknown one', async () => {
    const withSecrets = (...secrets: string[]) =>
      startApp({ runtime: { clock }, config: { providers: [googleAt(issuer)], secrets } })
    const [older, newer, other] = ['an older secret of the tests', 'a newer secret of the tests', 'a stranger’s secret']
    const [before, after, stranger] = [
      await withSecrets(older),
      await withSecrets(newer, older),
      await withSecrets(other),
    ]
    const path = await callbackFor(before, issuer)
    await expectProblem(await stranger.request(path), 400, 'invalid_state')
    expect((await after.request(path)).status).toBe(200)
    await expectProblem(await before.request(await callbackFor(after, issuer)), 400, 'invalid_state')
    for (const each of [before, after, stranger]) await each.close()
  })

  test('S01 expires after ten minutes', async () => {
    const path = await callbackFor(app, issuer)
    clock.advance(10 * 60_000)
    await expectProblem(await app.request(path), 400, 'invalid_state')
  })

  test('S02 is not consumed by a HEAD request', async () => {
    const path = await callbackFor(app, issuer)
    const looked = await app.request(path, { method: 'HEAD' })
    expect({ status: looked.status, allow: looked.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'GET, OPTIONS',
    })
    expect((await app.request(path)).status).toBe(200)
  })

  test('S02 works once', async () => {
    const path = await callbackFor(app, issuer)
    expect((await app.request(path)).status).toBe(200)
    await expectProblem(await app.request(path), 400, 'invalid_state')
  })

  test('S02 is not consumed by a callback that is refused before the exchange', async () => {
    const path = await callbackFor(app, issuer)
    await expectProblem(await app.request(path.replace('/google/', '/other/')), 400, 'invalid_state')
    expect((await app.request(path)).status).toBe(200)
  })
})

describe('The authorization request', () => {
  test('S05 carries an S256 challenge of a verifier that never leaves the server', async () => {
    const { authorization_url: url } = await startByFetch(app)
    const query = new URL(url).searchParams
    expect(query.get('code_challenge_method')).toBe('S256')
    expect(query.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    expect(query.has('code_verifier')).toBe(false)
  })

  test('S05 a callback with the code of another flow fails, because its verifier does not match', async () => {
    const mine = new URL(publicUrl + (await callbackFor(app, issuer)))
    const attackers = new URL(publicUrl + (await callbackFor(app, issuer)))
    mine.searchParams.set('code', attackers.searchParams.get('code') ?? '')
    await expectProblem(await app.request(mine.pathname + mine.search), 400, 'invalid_grant')
  })

  test('S06 carries a new nonce of at least 128 bits each time', async () => {
    const nonces = await Promise.all(
      [startByFetch(app), startByFetch(app)].map(async (flow) =>
        new URL((await flow).authorization_url).searchParams.get('nonce'),
      ),
    )
    expect(new Set(nonces).size).toBe(2)
    for (const nonce of nonces) expect(Buffer.from(nonce ?? '', 'base64url').length).toBeGreaterThanOrEqual(16)
  })

  test('forwards login_hint and prompt', async () => {
    const { authorization_url: url } = await startByFetch(app, 'google', '?login_hint=alice&prompt=select_account')
    expect(new URL(url).searchParams.get('login_hint')).toBe('alice')
    expect(new URL(url).searchParams.get('prompt')).toBe('select_account')
  })

  test('S09 redirect_uri comes from the configuration, not from headers of the request', async () => {
    const { authorization_url: url } = await startByFetch(app, 'google', '', {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
    })
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(`${publicUrl}/api/auth/google/callback`)
  })

  test('S11 a parameter that is given twice is refused at the start too', async () => {
    await expectProblem(await app.request('/auth/google?return_to=/a&return_to=/b'), 400, 'invalid_request')
  })
})

describe('The callback', () => {
  test('S07 wrong iss is refused', async () => {
    issuer.misbehaviour.callbackIss = 'https://accounts.evil.example'
    await expectProblem(await app.request(await callbackFor(app, issuer)), 400, 'iss_mismatch')
  })

  test("S07 a missing iss is accepted, because the guide's page forwards only code and state", async () => {
    const callback = new URL(publicUrl + (await callbackFor(app, issuer)))
    const { code, state } = Object.fromEntries(callback.searchParams)
    expect((await app.request(`/auth/google/callback?code=${code}&state=${state}`)).status).toBe(200)
  })

  test('S07 a missing iss is refused with requireIss', async () => {
    const strict = await startApp({
      runtime: { clock },
      config: { providers: [googleAt(issuer)], requireIss: true },
    })
    issuer.misbehaviour.callbackIss = null
    const response = await strict.request(await callbackFor(strict, issuer))
    expect(await problemOf(response)).toMatchObject({
      code: 'iss_missing',
      hint: 'Forward the whole query of the callback, not only code and state.',
    })
    await strict.close()
  })

  test('S08 a flow of one provider fails at the callback of another', async () => {
    const path = await callbackFor(app, issuer)
    await expectProblem(await app.request(path.replace('/google/', '/other/')), 400, 'invalid_state')
  })

  test.each(['code', 'state', 'iss'])('S11 a duplicate %s is refused', async (name) => {
    const path = await callbackFor(app, issuer)
    await expectProblem(await app.request(`${path}&${name}=again`), 400, 'invalid_request')
  })

  test('S11 oversized queries are refused', async () => {
    await expectProblem(
      await app.request(`/auth/google/callback?state=s&code=${'c'.repeat(5_000)}`),
      400,
      'invalid_request',
    )
    await expectProblem(
      await app.request(`/auth/google/callback?state=s&code=c&junk=${'j'.repeat(20_000)}`),
      400,
      'invalid_request',
    )
  })

  test('a callback without a state names the address of the start', async () => {
    await expectProblem(await app.request('/auth/google/callback?code=c'), 400, 'invalid_request')
  })

  test('a refusal at the provider is a problem with RFC 6749’s error', async () => {
    const { state } = await startByFetch(app)
    const response = await app.request(`/auth/google/callback?error=access_denied&state=${state}`)
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toMatchObject({ code: 'access_denied', error: 'access_denied' })
  })
})

describe('A sign-in by navigation', () => {
  test('S03 is bound to its browser by a cookie', async () => {
    const browser = new CookieJar(app)
    const started = await browser.navigate('/auth/google')
    expect(started.status).toBe(302)
    expect(started.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^focus_flow_[0-9a-f]{16}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
    ])
    const callback = pathOf(await issuer.authorize(started.headers.get('location') ?? ''))
    await expectProblem(await new CookieJar(app).navigate(callback), 400, 'flow_not_bound')
    expect((await browser.navigate(callback)).status).toBe(200)
    expect(browser.names).toEqual([])
  })

  test('S03 the cookie is __Host- and Secure when the public URL is https', async () => {
    const secure = await startApp({
      runtime: { clock },
      config: { providers: [googleAt(issuer)], publicUrl: 'https://focus.example' },
    })
    const response = await secure.request('/auth/google?redirect=1')
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-focus_flow_[0-9a-f]{16}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
      ),
    ])
    await secure.close()
  })

  test('S03 a sign-in that fetch started sets no cookie, neither at its start nor at its callback', async () => {
    const byCookie = await startApp({
      runtime: { clock },
      config: { providers: [googleAt(issuer)], refreshDelivery: 'cookie' },
    })
    const start = await byCookie.request('/auth/google')
    expect(start.headers.getSetCookie()).toEqual([])
    const { authorization_url: url } = (await start.json()) as { authorization_url: string }
    const callback = await byCookie.request(pathOf(await issuer.authorize(url)))
    expect(callback.status).toBe(200)
    expect(callback.headers.getSetCookie()).toEqual([])
    await byCookie.close()
  })

  test('S04 two tabs that sign in at once both finish', async () => {
    const browser = new CookieJar(app)
    const tabs = [await browser.navigate('/auth/google'), await browser.navigate('/auth/google')]
    const callbacks = await Promise.all(tabs.map((tab) => issuer.authorize(tab.headers.get('location') ?? '')))
    for (const callback of callbacks.toReversed()) expect((await browser.navigate(pathOf(callback))).status).toBe(200)
  })

  test('S04 a browser keeps the five newest open sign-ins', async () => {
    const browser = new CookieJar(app)
    const tabs: Response[] = []
    for (let tab = 0; tab < 7; tab += 1) tabs.push(await browser.navigate('/auth/google'))
    expect(browser.names).toHaveLength(5)
    const callback = await issuer.authorize(tabs.at(-1)?.headers.get('location') ?? '')
    expect((await browser.navigate(pathOf(callback))).status).toBe(200)
  })
})

describe('A sign-in that ends on a page', () => {
  /** Navigates to a start with `return_to`, through the provider, to the page. */
  async function arrive(browser: CookieJar, query: string): Promise<URL> {
    const ended = await browser.navigate(await callbackByNavigation(browser, issuer, `/auth/google${query}`))
    expect(ended.status).toBe(302)
    return new URL(ended.headers.get('location') ?? '', publicUrl)
  }

  test('S34 gets a single-use code, and its tokens with the cookie of the browser that started it', async () => {
    const browser = new CookieJar(app)
    const page = await arrive(browser, '?return_to=/welcome?tab=1')
    expect(page.pathname + page.search).toMatch(/^\/welcome\?tab=1&focus_code=[\w-]{43}$/)
    const body = { focus_code: page.searchParams.get('focus_code') }
    const stranger = await app.request('/auth/token', { body })
    await expectProblem(stranger, 400, 'invalid_grant')
  })

  test('S34 the code works once, for the right browser', async () => {
    const browser = new CookieJar(app)
    const body = { focus_code: (await arrive(browser, '?return_to=/')).searchParams.get('focus_code') }
    const answer = await browser.send('/auth/token', { body })
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as TokenAnswer).user.username).toBe('john_doe')
    await expectProblem(await browser.send('/auth/token', { body }), 400, 'invalid_grant')
  })

  test('S34 the code expires after a minute', async () => {
    const browser = new CookieJar(app)
    const body = { focus_code: (await arrive(browser, '?return_to=/')).searchParams.get('focus_code') }
    clock.advance(60_000)
    await expectProblem(await browser.send('/auth/token', { body }), 400, 'invalid_grant')
  })

  test('S34 a challenge of the start is answered only by its verifier', async () => {
    const verifier = 'v'.repeat(43)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const browser = new CookieJar(app)
    const first = await arrive(browser, `?return_to=/&code_challenge=${challenge}`)
    const wrong = { focus_code: first.searchParams.get('focus_code'), code_verifier: 'w'.repeat(43) }
    await expectProblem(await browser.send('/auth/token', { body: wrong }), 400, 'invalid_grant')
    const second = await arrive(browser, `?return_to=/&code_challenge=${challenge}`)
    const right = { focus_code: second.searchParams.get('focus_code'), code_verifier: verifier }
    expect((await app.request('/auth/token', { body: right })).status).toBe(200)
  })

  test('S34 needs a challenge when it is started by fetch', async () => {
    await expectProblem(await app.request('/auth/google?return_to=/'), 400, 'invalid_request')
  })

  test('S34 ends at return_to when it is started by fetch from another origin', async () => {
    const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url')
    const query = `?return_to=https://app.example/done&code_challenge=${challenge}`
    const browser = new CookieJar(app)
    const started = await browser.send(`/auth/google${query}`, { headers: { origin: 'http://localhost:3000' } })
    const { authorization_url: url } = (await started.json()) as { authorization_url: string }
    const ended = await browser.navigate(pathOf(await issuer.authorize(url)))
    expect(ended.headers.get('location')).toMatch(/^https:\/\/app\.example\/done\?focus_code=[\w-]{43}$/)
  })

  test('S34 V14: started by fetch, it ends only in the browser that started it', async () => {
    const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url')
    const { authorization_url: url } = await startByFetch(app, 'google', `?return_to=/done&code_challenge=${challenge}`)
    const ended = await new CookieJar(app).navigate(pathOf(await issuer.authorize(url)))
    expect(ended.headers.get('location')).toMatch(/^\/done\?error=flow_not_bound&/)
  })

  test('S10 ends at our own origin', async () => {
    const page = await arrive(new CookieJar(app), `?return_to=${publicUrl}/welcome`)
    expect(page.href).toMatch(/^http:\/\/localhost:8000\/welcome\?focus_code=/)
  })

  test('S10 ends at allow-listed origins', async () => {
    const page = await arrive(new CookieJar(app), '?return_to=https://app.example/signed-in')
    expect(page.origin + page.pathname).toBe('https://app.example/signed-in')
  })

  test.each([
    '//evil.example',
    '/\\evil.example',
    '/%2F/evil.example',
    '/%5Cevil.example',
    '/%252f/evil.example',
    '/\tevil',
    'https://evil.example',
    'https://app.example@evil.example',
    'https://user@app.example',
    'https://app.example.evil.example',
    'http://app.example',
    'javascript:alert(1)',
    'data:text/html,x',
    'app.example',
    'https:app.example',
    '/\u0000/evil',
    '/.//evil.example',
    '/..//evil.example/steal',
    '/%2e//evil.example',
    '/%2E%2e//evil.example',
    '/x/..//evil.example',
    '/x/%2e%2e//evil.example',
    '/./\t//evil.example',
    '/welcome/..%2fadmin',
    '/welcome/../welcome/..%2fadmin',
    '/welcome/%252e%252e/admin',
    '/./%2fevil.example',
    '/%2e/%2fevil.example',
    '/%252e/%252fevil.example',
    '/x/..%252f..%252f%252fevil.example',
    'https://app.example/./%2fevil.example',
  ])('S10 %j is refused', async (address) => {
    const response = await app.request(`/auth/google?redirect=1&return_to=${encodeURIComponent(address)}`)
    await expectProblem(response, 400, 'return_to_not_allowed')
  })

  test('S10 limited to some of our paths, ends at no other, however our origin is named', async () => {
    const narrow = await startApp({ config: { providers: [googleAt(issuer)], returnTo: ['/welcome'] } })
    const start = (address: string) =>
      narrow.request(`/auth/google?redirect=1&return_to=${encodeURIComponent(address)}`)
    expect((await start(`${publicUrl}/welcome`)).status).toBe(302)
    await expectProblem(await start(`${publicUrl}/other`), 400, 'return_to_not_allowed')
    await expectProblem(await start('/other'), 400, 'return_to_not_allowed')
    await narrow.close()
  })

  test('S10 an old state cannot lead to an address that is no longer allowed', async () => {
    const narrow = await startApp({
      runtime: { clock },
      config: {
        providers: [googleAt(issuer)],
        origins: createOriginPolicy({ allowedOrigins: ['https://kept.example'], publicUrl: 'https://focus.example' }),
      },
    })
    const started = await app.request('/auth/google?redirect=1&return_to=https://app.example/old')
    const page = new URL(started.headers.get('location') ?? '').searchParams.get('state')
    const { state: origin } = await startByFetch(app, 'google', '', { origin: 'http://localhost:3000' })
    for (const state of [page, origin]) {
      const path = `/auth/google/callback?error=access_denied&state=${state}`
      await expectProblem(await new CookieJar(narrow).navigate(path), 400, 'invalid_state')
      expect((await new CookieJar(app).navigate(path)).status).toBe(302)
    }
    await narrow.close()
  })

  test('A16 a page receives the outcome of this sign-in only', async () => {
    const browser = new CookieJar(app)
    const stale = encodeURIComponent(
      '/welcome?error=access_denied&error_description=x&focus_code=y&linked=google&tab=1',
    )
    const page = await arrive(browser, `?return_to=${stale}`)
    expect(page.pathname + page.search).toMatch(/^\/welcome\?tab=1&focus_code=[\w-]{43}$/)
  })

  test('receives the error, never a token', async () => {
    const browser = new CookieJar(app)
    const started = await browser.navigate('/auth/google?return_to=/welcome')
    const { searchParams } = new URL(started.headers.get('location') ?? '')
    const ended = await browser.navigate(`/auth/google/callback?error=access_denied&state=${searchParams.get('state')}`)
    expect(ended.status).toBe(302)
    expect(ended.headers.get('location')).toMatch(/^\/welcome\?error=access_denied&error_description=/)
  })
})

describe("The guide's page of another origin", () => {
  const page = 'http://localhost:3000'

  test('receives the provider’s redirect with the query untouched and nothing consumed', async () => {
    const { authorization_url: url } = await startByFetch(app, 'google', '', { origin: page })
    const callback = pathOf(await issuer.authorize(url))
    const redirect = await new CookieJar(app).navigate(callback)
    expect(redirect.status).toBe(302)
    expect(redirect.headers.get('location')).toBe(page + callback)
    const fetched = await app.request(callback, { headers: { origin: page } })
    expect(fetched.status).toBe(200)
  })

  test('receives every request for a page, even one without browser headers', async () => {
    const { state } = await startByFetch(app, 'google', '', { origin: page })
    const path = `/auth/google/callback?code=x&state=${state}`
    const redirect = await app.request(path, { headers: { accept: 'text/html', 'sec-fetch-mode': 'cors' } })
    expect(redirect.headers.get('location')).toBe(page + path)
  })

  test('receives refusals the same way', async () => {
    const { state } = await startByFetch(app, 'google', '', { origin: page })
    const path = `/auth/google/callback?error=access_denied&state=${state}`
    const redirect = await new CookieJar(app).navigate(path)
    expect(redirect.headers.get('location')).toBe(page + path)
  })

  test('must be allow-listed: the origin of an unknown page is not stored', async () => {
    const production = await startApp({
      runtime: { clock },
      config: {
        providers: [googleAt(issuer)],
        publicUrl: 'https://focus.example',
        origins: createOriginPolicy({ allowedOrigins: ['https://app.example'], publicUrl: 'https://focus.example' }),
      },
    })
    const locationFor = async (origin: string) => {
      const { authorization_url: url } = await startByFetch(production, 'google', '', { origin })
      return (await new CookieJar(production).navigate(pathOf(await issuer.authorize(url)))).headers.get('location')
    }
    expect(await locationFor('https://app.example')).toMatch(/^https:\/\/app\.example\/auth\/google\/callback\?/)
    expect(await locationFor('https://evil.example')).toBeNull()
    await production.close()
  })
})
