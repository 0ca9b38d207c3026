import { describe, expect, test } from 'vitest'
import { AdmissionControl } from '../admission/admission-control.ts'
import { resolveBudgets } from '../admission/budgets.ts'
import { createClientAddressFinder } from '../net/addresses/client-address.ts'
import { FocusError } from '../common/errors.ts'
import { createOriginPolicy } from '../net/origin-policy.ts'
import { type Logger, silentLogger } from '../common/logging/logger.ts'
import { readJsonObject } from './request/body.ts'
import { createHandler, type HandlerDependencies } from './handler.ts'
import { json } from './responses.ts'
import type { Route } from './route.ts'

const routes: Route[] = [
  { method: 'GET', path: '/things/:id', access: 'public', handle: ({ params }) => json(params) },
  { method: 'GET', path: '/things/mine', access: 'public', handle: () => json({ mine: true }) },
  {
    method: 'POST',
    path: '/things/:id',
    access: 'public',
    handle: async ({ request }) => json(await readJsonObject(request, { maxBytes: 64 })),
  },
  { method: 'GET', path: '/address', access: 'public', handle: ({ clientAddress }) => json({ clientAddress }) },
  { method: 'GET', path: '/secret', access: 'bearer', handle: ({ principal }) => json(principal) },
  { method: 'GET', path: '/admin', access: 'admin', handle: () => json({ admin: true }) },
  {
    method: 'GET',
    path: '/broken',
    access: 'public',
    handle() {
      throw new Error('SELECT secret FROM table')
    },
  },
  {
    method: 'POST',
    path: '/token',
    access: 'public',
    oauth: true,
    handle() {
      throw new FocusError('invalid_grant', 'The code is used.', { hint: 'Begin again.' })
    },
  },
]

const adminKey = 'k'.repeat(24)

function handler(overrides: Partial<HandlerDependencies> = {}) {
  return createHandler({
    control: new AdmissionControl({
      budgets: resolveBudgets({ enabled: false, exemptLoopback: true }),
      findAddress: createClientAddressFinder(['loopback']),
      logger: silentLogger,
    }),
    routes,
    basePath: '/api',
    adminKey,
    origins: createOriginPolicy({ allowedOrigins: ['https://app.example'], publicUrl: 'https://api.example' }),
    knownToken: () => null,
    verify: () => Promise.reject(new FocusError('invalid_token', 'No token is good here.')),
    bodyTimeoutMs: 10_000,
    logger: silentLogger,
    ...overrides,
  })
}

const call = (path: string, init?: RequestInit, overrides?: Partial<HandlerDependencies>) =>
  handler(overrides).fetch(new Request(`http://localhost${path}`, init), { remoteAddress: '127.0.0.1' })

describe('handler', () => {
  test('literal segments win over names, and names are decoded', async () => {
    expect(await (await call('/api/things/mine')).json()).toEqual({ mine: true })
    expect(await (await call('/api/things/a%20b')).json()).toEqual({ id: 'a b' })
  })

  test('a path that cannot be decoded is a malformed request', async () => {
    const response = await call('/api/things/%zz')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_request', detail: expect.stringContaining('path') })
  })

  test('only our own paths are ours', () => {
    const ours = handler()
    expect(ours.handles('/api/things/1')).toBe(true)
    expect(ours.handles('/api/other')).toBe(false)
    expect(ours.handles('/apix/things/1')).toBe(false)
    expect(ours.handles('/things/1')).toBe(false)
  })

  test('an unknown path is a problem, another method is 405 with Allow', async () => {
    const missing = await call('/api/other')
    expect(missing.status).toBe(404)
    expect(missing.headers.get('content-type')).toContain('application/problem+json')
    expect(await missing.json()).toMatchObject({ type: 'urn:focus:problem:not_found', status: 404, code: 'not_found' })
    const wrong = await call('/api/things/1', { method: 'DELETE' })
    expect(wrong.status).toBe(405)
    expect(wrong.headers.get('allow')).toBe('GET, POST, HEAD, OPTIONS')
  })

  test('HEAD answers like GET without a body', async () => {
    const response = await call('/api/things/1', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  test('S24 an unexpected error is answered as `internal` without details, and is logged', async () => {
    const lines: unknown[] = []
    const logger: Logger = { ...silentLogger, error: (...line) => lines.push(line) }
    const response = await call('/api/broken', {}, { logger })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('SELECT')
    expect(lines).toHaveLength(1)
  })

  test('a bearer route without a token is 401 with a challenge', async () => {
    const response = await call('/api/secret')
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="focus"')
    expect(await response.json()).toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining('Authorization'),
    })
  })

  test('S31 admin routes need the admin key, and say so when none is configured', async () => {
    const withKey = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
    expect((await call('/api/admin', withKey(adminKey))).status).toBe(200)
    expect((await call('/api/admin', withKey('wrong'))).status).toBe(401)
    expect((await call('/api/admin')).status).toBe(401)
    const closed = await call('/api/admin', withKey(adminKey), { adminKey: null })
    expect(closed.status).toBe(403)
    expect(await closed.json()).toMatchObject({
      code: 'admin_key_missing',
      hint: expect.stringContaining('FOCUS_ADMIN_KEY'),
    })
  })

  test("token routes add RFC 6749's fields to a problem", async () => {
    const response = await call('/api/token', { method: 'POST' })
    expect(await response.json()).toMatchObject({
      code: 'invalid_grant',
      error: 'invalid_grant',
      error_description: 'The code is used.',
    })
  })

  test.each([
    ['{"a":1', 'application/json', 400, 'invalid_json'],
    ['[1]', 'application/json', 400, 'invalid_request'],
    ['a=1', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
    [JSON.stringify({ a: 'x'.repeat(100) }), 'application/json', 413, 'payload_too_large'],
  ])('the body %s as %s is %i %s', async (body, contentType, status, code) => {
    const response = await call('/api/things/1', { method: 'POST', body, headers: { 'content-type': contentType } })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code })
  })

  test.each([undefined, '', 'Application/JSON; charset=utf-8'])('a JSON body may come as %j', async (contentType) => {
    const headers = contentType === undefined ? [] : [['content-type', contentType] as const]
    const body = new TextEncoder().encode('\ufeff{"a":1}')
    const response = await call('/api/things/1', { method: 'POST', body, headers: Object.fromEntries(headers) })
    expect(await response.json()).toEqual({ a: 1 })
  })

  test('a body that the client cuts off is not a server error', async () => {
    const lines: unknown[] = []
    const logger: Logger = {
      ...silentLogger,
      warn: (...line) => lines.push(line),
      error: (...line) => lines.push(line),
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":')),
      pull: (controller) => controller.error(new Error('aborted')),
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    const response = await call('/api/things/1', init, { logger })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_request', hint: expect.any(String) })
    expect(lines).toEqual([])
  })

  test('S11 an oversized query is refused', async () => {
    const response = await call(`/api/things/1?code=${'x'.repeat(9_000)}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_request' })
  })

  test('S26 an allowed origin may read the answer, another may not', async () => {
    const from = (origin: string) => call('/api/things/1', { headers: { origin } })
    const allowed = await from('https://app.example')
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect(allowed.headers.get('vary')).toContain('Origin')
    const refused = await from('https://evil.example')
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('a preflight names the methods and headers for allowed origins only', async () => {
    const from = (origin: string) =>
      call('/api/things/1', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
    const allowed = await from('https://app.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST')
    expect(allowed.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect((await from('https://evil.example')).headers.get('access-control-allow-methods')).toBeNull()
  })
})
