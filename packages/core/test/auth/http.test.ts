import { createFocus } from '@focus-api/core'
import { afterEach, describe, expect, test } from 'vitest'
import { createOriginPolicy } from '../../src/net/origin-policy.ts'
import { type App, type AppOptions, secret, startApp } from './support/app.ts'
import { CookieJar } from './support/browser.ts'
import { callbackFor, problemOf, signIn, type TokenAnswer } from './support/flow.ts'
import { googleAt } from './support/google.ts'
import { readAll } from './support/issuer.ts'
import { codeByNavigation } from './support/navigation.ts'
import { sharedIssuer } from './support/shared.ts'

const issuer = await sharedIssuer()
const apps: App[] = []

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

async function start(config: AppOptions['config'] = {}, options: Omit<AppOptions, 'config'> = {}): Promise<App> {
  const app = await startApp({ ...options, config: { providers: [googleAt(issuer)], ...config } })
  apps.push(app)
  return app
}

const production = {
  publicUrl: 'https://focus.example',
  origins: createOriginPolicy({ allowedOrigins: ['https://app.example'], publicUrl: 'https://focus.example' }),
}

describe('Problems', () => {
  test('S24 reveal nothing about internal errors', async () => {
    const app = await start()
    await app.database.db.schema.dropTable('focus_one_time').execute()
    const response = await app.request(await callbackFor(app, issuer))
    expect(response.status).toBe(500)
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(await response.json()).toEqual({
      type: 'urn:focus:problem:internal',
      title: 'Internal error',
      status: 500,
      detail: expect.not.stringMatching(/focus_one_time|insert|sql| at /i),
      code: 'internal',
      error: 'temporarily_unavailable',
      error_description: 'Something went wrong here.',
    })
  })

  test('a 401 carries WWW-Authenticate, with an error only when there were credentials', async () => {
    const app = await start()
    const none = await app.request('/auth/me')
    expect(none.status).toBe(401)
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="focus"')
    const bad = await app.request('/auth/me', { bearer: 'a.b.c' })
    expect(bad.headers.get('www-authenticate')).toMatch(/^Bearer realm="focus", error="invalid_token"/)
  })

  test('the error of a disabled sign-in explains how to enable it', async () => {
    const app = await start({ providers: [] })
    const response = await app.request('/auth/google')
    expect(response.status).toBe(404)
    expect(await problemOf(response)).toMatchObject({
      code: 'oauth_disabled',
      hint: expect.stringContaining('GOOGLE_CLIENT_ID'),
    })
  })

  test.each<[string, unknown, string]>([
    ['/auth/refresh', {}, 'invalid_request'],
    ['/auth/refresh', { refresh_token: 42 }, 'invalid_request'],
    ['/auth/refresh', { refresh_token: 'unknown-refresh-token' }, 'invalid_grant'],
    ['/auth/token', {}, 'invalid_request'],
    ['/auth/token', { focus_code: 'unknown-code' }, 'invalid_grant'],
    ['/auth/google/id_token', {}, 'invalid_request'],
    ['/auth/google/id_token', { id_token: 'x'.repeat(20_000) }, 'id_token_invalid'],
  ])('%s refuses %j with %s and RFC 6749’s error', async (path, body, code) => {
    const app = await start()
    const response = await app.request(path, { body })
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toMatchObject({ code, error: expect.any(String) })
  })
})

test('S25 responses with a token are not cached and not revealed to other sites', async () => {
  const app = await start()
  const callback = await app.request(await callbackFor(app, issuer))
  const { refresh_token: token } = (await callback.clone().json()) as TokenAnswer
  const refresh = await app.request('/auth/refresh', { body: { refresh_token: token } })
  const started = await app.request('/auth/google')
  for (const response of [callback, refresh, started]) {
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  }
})

describe('S26 CORS', () => {
  test('names an allowed origin, and never another or *', async () => {
    const app = await start(production)
    const allowed = async (origin: string) =>
      (await app.request('/auth/google', { headers: { origin } })).headers.get('access-control-allow-origin')
    expect(await allowed('https://app.example')).toBe('https://app.example')
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost:3000',
      'https://app.example.evil.example',
    ]) {
      expect(await allowed(origin)).toBeNull()
    }
  })

  test('answers preflights the same way', async () => {
    const app = await start(production)
    const preflight = (origin: string) =>
      app.request('/auth/refresh', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
    expect((await preflight('https://app.example')).headers.get('access-control-allow-origin')).toBe(
      'https://app.example',
    )
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('The refresh cookie', () => {
  async function signInByCookie(): Promise<{ app: App; browser: CookieJar; answer: TokenAnswer; cookies: string[] }> {
    const app = await start({ ...production, refreshDelivery: 'cookie' })
    const browser = new CookieJar(app)
    const code = await codeByNavigation(browser, issuer)
    const response = await browser.send('/auth/token', {
      body: { focus_code: code },
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    expect(response.status).toBe(200)
    return {
      app,
      browser,
      answer: (await response.json()) as TokenAnswer,
      cookies: response.headers.getSetCookie(),
    }
  }

  const refresh = (browser: CookieJar, headers: Record<string, string>) =>
    browser.send('/auth/refresh', { method: 'POST', headers })

  test('is out of reach of scripts and other sites, and keeps the token out of the body', async () => {
    const { answer, cookies } = await signInByCookie()
    expect(answer).not.toHaveProperty('refresh_token')
    expect(cookies).toContainEqual(
      expect.stringMatching(
        /^__Host-focus_refresh=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
      ),
    )
  })

  test('refreshes without a body, and is renewed', async () => {
    const { browser } = await signInByCookie()
    const before = browser.value('__Host-focus_refresh')
    const response = await refresh(browser, { 'sec-fetch-site': 'same-origin' })
    expect(response.status).toBe(200)
    expect(await response.json()).not.toHaveProperty('refresh_token')
    expect(browser.value('__Host-focus_refresh')).not.toBe(before)
  })

  test.each<[string, Record<string, string>, number]>([
    ['our own page', { 'sec-fetch-site': 'same-origin', origin: 'https://focus.example' }, 200],
    ['our own page in a browser that says only Origin', { origin: 'https://focus.example' }, 200],
    ['an allow-listed page', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }, 200],
    ['a stranger’s page', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['a stranger’s page in a browser that says only Origin', { origin: 'https://evil.example' }, 403],
    ['a sibling domain', { 'sec-fetch-site': 'same-site', origin: 'https://blog.focus.example' }, 403],
    ['a sandboxed frame', { 'sec-fetch-site': 'cross-site', origin: 'null' }, 403],
  ])('S26 is believed or not from %s', async (_name, headers, status) => {
    const { browser } = await signInByCookie()
    expect((await refresh(browser, headers)).status).toBe(status)
  })

  test('S26 is not believed from a page of the origin that a request happens to be addressed to', async () => {
    const focus = await createFocus({
      database: 'sqlite::memory:',
      env: {},
      secret,
      publicUrl: 'https://focus.example',
      google: { clientId: 'client', clientSecret: 'client-secret-1' },
      oauth: { refreshDelivery: 'cookie' },
    })
    // As adapters pass it on, whatever the Host header says.
    const response = await focus.fetch(
      new Request('http://localhost/api/auth/refresh', {
        method: 'POST',
        headers: { origin: 'http://localhost', cookie: '__Host-focus_refresh=somebodys' },
      }),
    )
    expect((await problemOf(response)).code).toBe('origin_not_allowed')
    await focus.close()
  })

  test('S26 the one-time code’s cookie is not believed from a stranger’s page either', async () => {
    const app = await start(production)
    const browser = new CookieJar(app)
    await browser.navigate('/auth/google?return_to=/')
    const response = await browser.send('/auth/token', {
      body: { focus_code: 'some code' },
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    })
    expect((await problemOf(response)).code).toBe('origin_not_allowed')
  })

  test('goes with the logout', async () => {
    const { browser, answer } = await signInByCookie()
    const response = await browser.send('/auth/logout', { method: 'POST', bearer: answer.access_token })
    expect(response.status).toBe(204)
    expect(browser.names).not.toContain('__Host-focus_refresh')
  })
})

describe('S27 Rate limits', () => {
  const limits = { enabled: true, exemptLoopback: true, perMinute: { start: 3, callback: 3, refresh: 3, redeem: 3 } }
  const many = async (app: App, path: string, options: Parameters<App['request']>[1], count = 4) => {
    const responses: Response[] = []
    for (let turn = 0; turn < count; turn += 1) responses.push(await app.request(path, options))
    return responses
  }

  test.each<[string, Parameters<App['request']>[1]]>([
    ['/auth/google', {}],
    ['/auth/google/callback?state=unknown&code=c', {}],
    ['/auth/refresh', { body: { refresh_token: 'unknown-token' } }],
    ['/auth/token', { body: { focus_code: 'unknown-code' } }],
    ['/auth/google/id_token', { body: { id_token: 'a.b.c' } }],
    ['/auth/google/nonce', { method: 'POST' }],
  ])('%s answers 429 with Retry-After', async (path, options) => {
    const app = await start({}, { limits })
    const responses = await many(app, path, options)
    expect(responses.slice(0, 3).map((response) => response.status)).not.toContain(429)
    const last = responses.at(-1)
    expect(last?.status).toBe(429)
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(Number(last?.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  })

  test('tickets are limited too', async () => {
    const focus = await createFocus({
      env: {},
      database: 'sqlite::memory:',
      rateLimits: { exemptLoopback: false, perMinute: { ticket: 2 } },
    })
    const statuses: number[] = []
    for (let turn = 0; turn < 3; turn += 1) {
      const request = new Request('http://localhost/api/ws/ticket', { method: 'POST' })
      statuses.push((await focus.fetch(request, { remoteAddress: '127.0.0.1' })).status)
    }
    expect(statuses).toEqual([401, 401, 429])
    await focus.close()
  })

  test('count each address by itself, and an IPv6 network as one', async () => {
    const app = await start({}, { limits })
    await many(app, '/auth/google', { remoteAddress: '2001:db8:1:2::1' })
    const status = async (remoteAddress: string) => (await app.request('/auth/google', { remoteAddress })).status
    expect(await status('2001:db8:1:2:ffff::9')).toBe(429)
    expect(await status('2001:db8:1:3::1')).toBe(200)
    expect(await status('192.0.2.99')).toBe(200)
  })

  test('are not evaded with X-Forwarded-For from a peer that is not a trusted proxy', async () => {
    const app = await start({}, { limits })
    await many(app, '/auth/google', {})
    const response = await app.request('/auth/google', { headers: { 'x-forwarded-for': '198.51.100.7' } })
    expect(response.status).toBe(429)
  })

  test('leave loopback clients alone in development', async () => {
    const app = await start({}, { limits })
    const responses = await many(app, '/auth/google', { remoteAddress: '127.0.0.1' }, 10)
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]))
  })
})

describe('S28 Secrets', () => {
  test('the sentinel of these tests sees a secret in a log line, and in the cause of an error', async () => {
    const app = await start()
    const answer = await signIn(app, issuer)
    const line = (fields: Record<string, unknown>) => [{ level: 'debug' as const, message: 'x', fields }]
    expect(() => app.sentinel.inspectLog(line({ token: `…${answer.refresh_token}…` }))).toThrow('secret')
    const error = new Error('outer', { cause: new Error(answer.access_token) })
    expect(() => app.sentinel.inspectLog(line({ error }))).toThrow('secret')
  })

  test('do not reach the log or an error when the exchange fails, though the provider repeats them', async () => {
    const app = await start()
    const answers: [number, (form: string) => string][] = [
      [400, (form) => JSON.stringify({ error: 'invalid_grant', error_description: form })],
      [400, (form) => JSON.stringify({ error: form })],
      [500, (form) => form],
      [200, (form) => JSON.stringify({ access_token: form, token_type: 'bearer', id_token: `${form}.b.c` })],
    ]
    for (const [status, answer] of answers) {
      issuer.misbehaviour.handle = async (request, response) => {
        if (request.url !== '/token') return false
        const form = await readAll(request)
        for (const value of new URLSearchParams(form).values()) app.sentinel.guard(value)
        return Boolean(response.writeHead(status, { 'content-type': 'application/json' }).end(answer(form)))
      }
      const path = await callbackFor(app, issuer)
      const query = new URL(path, 'http://x').searchParams
      const error: unknown = await app.auth.signIn
        .finish(
          {
            provider: 'google',
            state: query.get('state') ?? '',
            code: query.get('code'),
            iss: query.get('iss'),
            error: null,
            bindings: { signIn: null, link: null },
            navigates: false,
          },
          { credentials: { accessToken: null, refreshTokens: [] } },
        )
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(Error)
      app.sentinel.inspectLog([{ level: 'error', message: 'thrown', fields: { error } }])
      expect((await app.request(await callbackFor(app, issuer))).status).toBeGreaterThanOrEqual(400)
    }
    delete issuer.misbehaviour.handle
  })

  test('do not reach the log when a used refresh token comes again', async () => {
    const app = await start()
    const { refresh_token: first } = await signIn(app, issuer)
    const next = (await (await app.request('/auth/refresh', { body: { refresh_token: first } })).json()) as TokenAnswer
    await app.request('/auth/refresh', { body: { refresh_token: next.refresh_token } })
    await app.request('/auth/refresh', { body: { refresh_token: first } })
    expect(app.log).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })
})
