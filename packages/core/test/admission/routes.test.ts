import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { countOf, Production } from './production.ts'

const adminKey = 'an-admin-key-of-a-test-that-is-long-enough'
/** A token in the form of an access token, with an invalid signature. */
const forged = () =>
  ['{"alg":"EdDSA","typ":"at+jwt","kid":"k"}', '{"sub":"1"}', randomBytes(64)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

let server: Production
afterEach(() => server.stop())

test('V1: requests from all of a /48 are limited together, and no others are', async () => {
  server = await Production.start({ rateLimits: { perMinute: { public: 3 } } })
  const statuses = await server.statuses(80, (n) =>
    server.from(`2001:db8:7:${(n * 256).toString(16)}::1`, '/auth/jwks.json'),
  )
  // Some allowance returns in between.
  expect(countOf(statuses, 200)).toBeGreaterThanOrEqual(24)
  expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(20)
  const refused = await server.from('2001:db8:7:ffff::1', '/auth/jwks.json')
  expect(await refused.json()).toMatchObject({ code: 'rate_limited', hint: expect.any(String) })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect((await server.from('2001:db8:8::1', '/auth/jwks.json')).status).toBe(200)
})

describe('V2: a user has one budget for all routes', () => {
  const write = (token: string) =>
    server.from('198.51.100.9', '/notifications/read', {
      method: 'POST',
      token,
      body: JSON.stringify({ ids: [randomUUID()] }),
    })

  test('work that does nothing is paid for, from every address and on every route', async () => {
    server = await Production.start({ rateLimits: { perUser: { capacity: 50, perSecond: 1 } } })
    const [mallory, bob] = [await server.person('mallory'), await server.person('bob')]
    const statuses = await server.statuses(15, () => write(mallory.token))
    expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(4)
    const elsewhere = await server.from('203.0.113.5', `/notifications/${randomUUID()}`, {
      method: 'DELETE',
      token: mallory.token,
    })
    expect(elsewhere.status).toBe(429)
    expect(await elsewhere.json()).toMatchObject({ code: 'rate_limited' })
    expect((await server.from('203.0.113.5', '/notifications/stream', { token: mallory.token })).status).toBe(429)
    expect((await server.from('198.51.100.9', '/auth/me', { token: bob.token })).status).toBe(200)
  })

  test('a page of another origin may read the refusal, once', async () => {
    server = await Production.start({
      rateLimits: { perUser: { capacity: 5, perSecond: 1 } },
      allowedOrigins: ['https://page.example'],
    })
    const { token } = await server.person('mallory')
    await write(token)
    const refused = await server.from('198.51.100.9', '/notifications/read', {
      method: 'POST',
      token,
      body: '{}',
      headers: { origin: 'https://page.example' },
    })
    expect(refused.status).toBe(429)
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://page.example')
    const direct = await server.app.focus.fetch(
      new Request(`${server.app.url}/notifications/read`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, origin: 'https://page.example' },
      }),
      { remoteAddress: '198.51.100.9' },
    )
    expect(direct.status).toBe(429)
    expect(direct.headers.get('access-control-allow-origin')).toBe('https://page.example')
    expect(direct.headers.get('vary')).toBe('Origin')
  })
})

test('V2: a limit below zero gives no budget back', async () => {
  server = await Production.start({ rateLimits: { perUser: { capacity: 10, perSecond: 1 } } })
  const { token } = await server.person('mallory')
  const statuses = await server.statuses(20, () =>
    server.from('198.51.100.9', '/notifications?limit=-1000000', { token }),
  )
  expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(5)
})

describe('V13: a request that ends before its token is looked at', () => {
  test.each([
    ['for the length of its URL', `/api/notifications/1?${'x'.repeat(8_200)}`],
    ['at a path that a URL reads differently', '/api/notifications/%2e%2e'],
  ])('%s takes no place from other addresses', async (_, path) => {
    server = await Production.start({ rateLimits: { perProcess: { credentials: 60 } } })
    const { hostname, port } = new URL(server.app.url)
    for (let n = 0; n < 20; n += 1) {
      const headers = { authorization: `Bearer ${forged()}`, 'x-forwarded-for': '203.0.113.5' }
      const request = httpRequest({ hostname, port, path, method: 'DELETE', headers }).end()
      const [response] = await once(request, 'response')
      response.resume()
      await once(response, 'end')
    }
    expect((await server.from('198.51.100.9', '/auth/me', { token: forged() })).status).toBe(401)
  })
})

test('V9: a page of the inbox is paid for by its size, and the next request waits for it', async () => {
  server = await Production.start({ rateLimits: { perUser: { capacity: 30, perSecond: 1 } } })
  const { id, token } = await server.person('mallory')
  const data = { filling: 'x'.repeat(15_000) }
  for (let n = 0; n < 10; n += 1)
    await server.app.focus.notifications.notifyUser({ userId: id, title: 't', message: 'm', data })
  const page = () => server.from('198.51.100.9', '/notifications?limit=10', { token })
  const statuses = await server.statuses(3, page)
  expect(statuses).toEqual([200, 429, 429])
})

test('V9: a page of the inbox ends at 256 KiB, and the next goes on where it ended', async () => {
  server = await Production.start()
  const { id, token } = await server.person('alice')
  const data = { filling: 'x'.repeat(15_000) }
  for (let n = 0; n < 40; n += 1) {
    await server.app.focus.notifications.notifyUser({ userId: id, title: `${n}`, message: 'm', data })
  }
  const titles: string[] = []
  const sizes: number[] = []
  let before: string | null = null
  do {
    const query: string = before === null ? '' : `&before=${encodeURIComponent(before)}`
    const response = await server.from('198.51.100.9', `/notifications?limit=500${query}`, { token })
    const text = await response.text()
    const page: { notifications: { title: string }[]; next_before: string | null } = JSON.parse(text)
    sizes.push(text.length)
    titles.push(...page.notifications.map(({ title }) => title))
    before = page.next_before
  } while (before !== null)
  expect(Math.max(...sizes)).toBeLessThan(280_000)
  expect(titles).toEqual(Array.from({ length: 40 }, (_, n) => `${39 - n}`))
})

test('V11: guesses of the admin key are limited by address, counted and logged; the right key works from other addresses', async () => {
  server = await Production.start()
  const guess = () => server.from('198.51.100.9', '/admin/users', { token: randomBytes(24).toString('base64url') })
  const statuses = await server.statuses(40, guess)
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
  expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(28)
  // The answer to a guess does not reveal the right key.
  expect((await server.from('198.51.100.9', '/admin/users', { token: adminKey })).status).toBe(429)
  expect((await server.from('203.0.113.5', '/admin/users', { token: adminKey })).status).toBe(200)
  expect(server.log.filter(({ message }) => message === 'Wrong admin keys were presented')).toEqual([
    { level: 'warn', message: expect.any(String), fields: { count: 1, address: '198.51.100.9' } },
  ])
  const metrics = await (await server.from('203.0.113.5', '/metrics', { token: adminKey })).text()
  expect(metrics).toMatch(/focus_refusals_total\{for="admin",reason="admin_key"\} (?:29|3\d)\n/)
  expect(metrics).toMatch(/focus_refusals_total\{for="admin",reason="invalid_admin_key"\} 1\d\n/)
})

describe('V13: forged tokens', () => {
  const me = (address: string, token: string) => server.from(address, '/auth/me', { token })

  test('are limited by address before they are looked at, while a token that is known goes on', async () => {
    server = await Production.start({ rateLimits: { perMinute: { credentials: 5 } } })
    const { token } = await server.person('alice')
    expect((await me('198.51.100.9', token)).status).toBe(200)
    const statuses = await server.statuses(12, () => me('198.51.100.9', forged()))
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    expect(countOf(statuses, 429)).toBeGreaterThanOrEqual(6)
    expect((await me('198.51.100.9', token)).status).toBe(200)
  })

  test('from many addresses cannot keep out known clients, by token or by address', async () => {
    server = await Production.start({ rateLimits: { perProcess: { credentials: 120 } } })
    const [alice, bob] = [await server.person('alice'), await server.person('bob')]
    await me('198.51.100.9', alice.token)
    const statuses = await server.statuses(60, (n) => me(`203.0.${n}.1`, forged()))
    expect(countOf(statuses, 503)).toBeGreaterThanOrEqual(45)
    expect((await me('203.0.200.1', alice.token)).status).toBe(200)
    expect((await me('198.51.100.9', bob.token)).status).toBe(200)
    expect((await server.from('203.0.200.1', '/health')).status).toBe(200)
  })

  test('that are good leave the budget as it was', async () => {
    server = await Production.start({ rateLimits: { perProcess: { credentials: 60 } } })
    for (let n = 0; n < 20; n += 1) {
      const { token } = await server.person(`person-${n}`)
      expect((await me(`203.0.${n}.1`, token)).status).toBe(200)
    }
  })
})

test('V6: a forwarded header of a proxy that is not named warns once, and the operator finds it', async () => {
  server = await Production.start({ trustedProxies: [] })
  await server.statuses(3, () => server.from('203.0.113.5', '/auth/jwks.json'))
  expect(server.log.filter(({ message }) => message.includes('FOCUS_TRUSTED_PROXIES=127.0.0.1'))).toHaveLength(1)
  const client = await server.from('203.0.113.5', '/admin/client', { token: adminKey })
  expect(await client.json()).toEqual({ address: '127.0.0.1', forwarded: 'ignored' })
})
