import { describe, expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { startApp } from '../support/app.ts'
import { CookieJar } from '../support/browser.ts'
import { callbackFor, problemOf } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { callbackByNavigation } from '../support/navigation.ts'
import { sharedApp, sharedIssuer } from '../support/shared.ts'

const clock = manualClock()
const issuer = await sharedIssuer(clock)
const app = await sharedApp({ runtime: { clock }, config: { providers: [googleAt(issuer)] } })

/** Starts a sign-in that ends on a page. Returns the path of the callback. */
async function due(browser: CookieJar, page = '/welcome'): Promise<string> {
  return await callbackByNavigation(browser, issuer, `/auth/google?return_to=${page}`)
}

const locationOf = (response: Response) => {
  expect(response.status).toBe(302)
  return response.headers.get('location')
}

describe('A page before it is opened', () => {
  test.each([
    ['sec-purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['purpose', 'prefetch'],
    ['x-moz', 'prefetch'],
  ])('A16: a callback with %s: %s consumes nothing', async (name, value) => {
    const browser = new CookieJar(app)
    const path = await due(browser)
    const fetched = await browser.send(path, { headers: { accept: 'text/html', [name]: value } })
    expect({ status: fetched.status, code: (await problemOf(fetched)).code }).toEqual({
      status: 503,
      code: 'prefetch_refused',
    })
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?focus_code=/)
  })
})

describe('A callback that comes again', () => {
  test('A16: from the same browser, it lands where the first did, without a new code', async () => {
    const browser = new CookieJar(app)
    const path = await due(browser, '/welcome?tab=1')
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?tab=1&focus_code=/)
    expect(locationOf(await browser.navigate(path))).toBe('/welcome?tab=1')
  })

  test('A16: of two at once, one brings a code and both land on the page', async () => {
    const browser = new CookieJar(app)
    const path = await due(browser)
    const locations = await Promise.all(
      [browser.navigate(path), browser.navigate(path)].map(async (r) => locationOf(await r)),
    )
    expect(locations.filter((location) => location === '/welcome')).toHaveLength(1)
    expect(locations.filter((location) => location?.startsWith('/welcome?focus_code='))).toHaveLength(1)
  })

  test('A16: from another browser, it lands on the page with an error, and the first can still finish', async () => {
    const browser = new CookieJar(app)
    const path = await due(browser)
    expect(locationOf(await new CookieJar(app).navigate(path))).toMatch(/^\/welcome\?error=flow_not_bound&/)
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?focus_code=/)
  })
})

describe('A failure of a navigation that knows its page', () => {
  test('A16: too late, goes to the page', async () => {
    const browser = new CookieJar(app)
    const path = await due(browser)
    clock.advance(10 * 60_000)
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?error=invalid_state&/)
  })

  test('A16: of the provider, goes to the page', async () => {
    const browser = new CookieJar(app)
    const path = await due(browser)
    issuer.misbehaviour.idToken = () => 'no.token.here'
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?error=\w+&error_description=/)
    delete issuer.misbehaviour.idToken
  })

  test('A16: inside the server, goes to the page without details', async () => {
    const broken = await startApp({ runtime: { clock }, config: { providers: [googleAt(issuer)] } })
    const browser = new CookieJar(broken)
    const path = await callbackByNavigation(browser, issuer, '/auth/google?return_to=/welcome')
    await broken.database.db.schema.dropTable('focus_one_time').execute()
    expect(locationOf(await browser.navigate(path))).toBe(
      '/welcome?error=internal&error_description=Something+went+wrong+here.',
    )
    expect(broken.log).toContainEqual(expect.objectContaining({ level: 'error', message: 'A route failed' }))
    await broken.close()
  })

  test('A16: beyond a limit, goes to the page', async () => {
    const limits = { enabled: true, exemptLoopback: false, perMinute: { start: 1, callback: 1 } }
    const limited = await startApp({
      runtime: { clock },
      config: { providers: [googleAt(issuer)] },
      limits,
    })
    const browser = new CookieJar(limited)
    const path = await callbackByNavigation(browser, issuer, '/auth/google?return_to=/welcome')
    await browser.navigate(path)
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?error=rate_limited&/)
    expect(locationOf(await browser.navigate('/auth/google?return_to=/welcome'))).toMatch(
      /^\/welcome\?error=rate_limited&/,
    )
    await limited.close()
  })

  test('A16: at its start, goes to the page, but only to an allowed one', async () => {
    const browser = new CookieJar(app)
    const start = (page: string) => browser.navigate(`/auth/nobody?return_to=${page}`)
    expect(locationOf(await start('/welcome'))).toMatch(/^\/welcome\?error=unknown_provider&/)
    for (const page of ['//evil.example', 'https://evil.example', '/a&return_to=/b']) {
      expect((await start(page)).headers.get('location')).toBeNull()
    }
  })
})

describe('A refusal of the provider', () => {
  const names = [
    'login_required',
    'consent_required',
    'interaction_required',
    'account_selection_required',
    'access_denied',
    'temporarily_unavailable',
  ]

  test.each(names)('A19: %s is passed on by name, to pages and to fetch', async (name) => {
    const browser = new CookieJar(app)
    const state = new URL(await due(browser), 'http://x').searchParams.get('state')
    const page = await browser.navigate(`/auth/google/callback?error=${name}&state=${state}`)
    expect(locationOf(page)).toMatch(new RegExp(`^/welcome\\?error=${name}&error_description=`))
    const fetched = new URL(await callbackFor(app, issuer), 'http://x').searchParams.get('state')
    const answer = await app.request(`/auth/google/callback?error=${name}&state=${fetched}`)
    expect(await problemOf(answer)).toMatchObject({ code: name, error: name })
  })

  test('A19: a cancellation is not logged as an error, and the user may go back and agree', async () => {
    const quiet = await startApp({ runtime: { clock }, config: { providers: [googleAt(issuer)] } })
    const browser = new CookieJar(quiet)
    const path = await callbackByNavigation(browser, issuer, '/auth/google?return_to=/welcome')
    const state = new URL(path, 'http://x').searchParams.get('state')
    await browser.navigate(`/auth/google/callback?error=access_denied&state=${state}`)
    expect(quiet.log.filter(({ level }) => level !== 'debug')).toEqual([])
    expect(locationOf(await browser.navigate(path))).toMatch(/^\/welcome\?focus_code=/)
    await quiet.close()
  })

  test('A19: an unknown error code is an error of the provider', async () => {
    const state = new URL(await callbackFor(app, issuer), 'http://x').searchParams.get('state')
    for (const error of ['server_error', 'constructor', '<script>']) {
      const answer = await app.request(`/auth/google/callback?error=${encodeURIComponent(error)}&state=${state}`)
      expect((await problemOf(answer)).code).toBe('provider_error')
    }
  })
})
