import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base64url, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import { type App, startApp } from '../support/app.ts'
import { startByFetch, callbackFor, pathOf, problemOf, signIn } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import type { Claims } from '../support/issuer.ts'
import { sharedIssuer } from '../support/shared.ts'

const issuer = await sharedIssuer()
let app: App
let clock: ManualClock

beforeEach(async () => {
  issuer.requests.length = 0
  clock = manualClock()
  app = await startApp({
    runtime: { clock },
    config: { providers: [googleAt(issuer, { timeoutMs: 300 })] },
  })
})

afterEach(async () => {
  for (const fault of Object.keys(issuer.misbehaviour)) delete issuer.misbehaviour[fault as 'handle']
  await app.close()
})

async function expectRefusal(code: string, status: number): Promise<void> {
  const response = await app.request(await callbackFor(app, issuer))
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({ status, code })
  expect(await app.database.db.selectFrom('focus_users').selectAll().execute()).toEqual([])
}

const unsigned = (claims: Claims, header: Claims = { alg: 'none' }) =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.`

test('S15 a forged signature is refused', async () => {
  const { privateKey } = await generateKeyPair('RS256')
  issuer.misbehaviour.idToken = (claims) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: String(issuer.publicJwk.kid) }).sign(privateKey)
  await expectRefusal('id_token_invalid', 400)
})

test('S15 a token that was changed after it was signed is refused', async () => {
  issuer.misbehaviour.idToken = (claims, signed) => {
    const [header, , signature] = signed.split('.')
    return `${header}.${base64url.encode(JSON.stringify({ ...claims, sub: 'somebody-else' }))}.${signature}`
  }
  await expectRefusal('id_token_invalid', 400)
})

test('S15 alg none is refused', async () => {
  issuer.misbehaviour.idToken = (claims) => unsigned(claims)
  await expectRefusal('id_token_invalid', 400)
})

test('S15 HS256 with the public key as its secret is refused', async () => {
  const publicKey = await importJWK(issuer.publicJwk, 'RS256', { extractable: true })
  if (publicKey instanceof Uint8Array) throw new Error('The key is not asymmetric.')
  const pem = await exportSPKI(publicKey)
  issuer.misbehaviour.idToken = (claims) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: String(issuer.publicJwk.kid) })
      .sign(new TextEncoder().encode(pem))
  await expectRefusal('id_token_invalid', 400)
})

test.each<[string, Claims]>([
  ['iss', { iss: 'https://accounts.evil.example' }],
  ['aud', { aud: 'another-client' }],
  ['nonce', { nonce: 'another-nonce' }],
  ['azp among several audiences', { aud: ['client-1', 'another-client'], azp: 'another-client' }],
  ['exp', { exp: Math.floor(Date.now() / 1_000) - 300 }],
  ['stale iat', { iat: Math.floor(Date.now() / 1_000) - 7_200, exp: Math.floor(Date.now() / 1_000) + 7_200 }],
  ['iat in the future', { iat: Math.floor(Date.now() / 1_000) + 3_600, exp: Math.floor(Date.now() / 1_000) + 7_200 }],
  ['empty sub', { sub: '' }],
  ['sub with half a character', { sub: 'somebody\ud800' }],
])('S15 a wrong %s is refused', async (_name, wrong) => {
  issuer.misbehaviour.claims = (claims) => ({ ...claims, ...wrong })
  await expectRefusal('id_token_invalid', 400)
})

test.each(['nonce', 'sub', 'iat', 'exp', 'aud', 'iss'])('S15 a token without %s is refused', async (claim) => {
  issuer.misbehaviour.claims = ({ [claim]: _left, ...rest }) => rest
  await expectRefusal('id_token_invalid', 400)
})

test('S15 keys that rotate between two sign-ins, or during one, are followed', async () => {
  await signIn(app, issuer)
  await issuer.rotateKeys()
  await signIn(app, issuer)
  const path = await callbackFor(app, issuer)
  await issuer.rotateKeys()
  expect((await app.request(path)).status).toBe(200)
})

test('S13 an email_verified that is not a boolean counts as absent', async () => {
  issuer.misbehaviour.claims = (claims) => ({ ...claims, email_verified: 'true' })
  await signIn(app, issuer)
  const [user] = await app.database.db.selectFrom('focus_users').selectAll().execute()
  expect(user).toMatchObject({ email: 'john@gmail.com', email_verified: 0 })
})

test('a discovery document that names another issuer is refused, and is requested again next time', async () => {
  issuer.misbehaviour.discovery = (document) => ({ ...document, issuer: 'https://accounts.evil.example' })
  const response = await app.request('/auth/google')
  expect(response.status).toBe(502)
  expect((await problemOf(response)).code).toBe('provider_error')
  delete issuer.misbehaviour.discovery
  expect((await app.request('/auth/google')).status).toBe(200)
})

test('discovery is lazy, and concurrent sign-ins share one request', async () => {
  expect(issuer.requests).toEqual([])
  await Promise.all(Array.from({ length: 50 }, () => startByFetch(app)))
  expect(issuer.requests).toEqual(['/.well-known/openid-configuration'])
})

test('metadata is loaded again after an hour, and still used while the provider is unreachable', async () => {
  await startByFetch(app)
  clock.advance(3_600_000)
  issuer.misbehaviour.handle = (_request, response) => Boolean(response.writeHead(503).end())
  await startByFetch(app)
  await startByFetch(app)
  expect(issuer.requests).toHaveLength(2)
  delete issuer.misbehaviour.handle
  clock.advance(10_000)
  await startByFetch(app)
  expect(issuer.requests).toHaveLength(3)
})

test('outdated metadata is not used forever', async () => {
  await startByFetch(app)
  clock.advance(25 * 3_600_000)
  issuer.misbehaviour.handle = (_request, response) => Boolean(response.writeHead(503).end())
  expect((await app.request('/auth/google')).status).toBe(502)
})

test.each(['/.well-known/openid-configuration', '/token', '/jwks'])(
  'S30 a %s that hangs times out, and the next sign-in works',
  async (hanging) => {
    issuer.misbehaviour.handle = (request) => request.url?.startsWith(hanging) ?? false
    const response = await flowUntil(hanging)
    expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
      status: 502,
      code: 'provider_unreachable',
    })
    delete issuer.misbehaviour.handle
    await signIn(app, issuer)
  },
)

test('A15: a provider whose discovery hangs costs one wait, and is asked again after a pause', async () => {
  const slow = await startApp({
    runtime: { clock },
    config: { providers: [googleAt(issuer, { timeoutMs: 1_200 })] },
  })
  issuer.misbehaviour.handle = () => true
  const codeOf = async () => (await problemOf(await slow.request('/auth/google'))).code
  expect(await Promise.all(Array.from({ length: 20 }, codeOf))).toEqual(Array(20).fill('provider_unreachable'))
  expect(await codeOf()).toBe('provider_unreachable')
  expect(issuer.requests).toHaveLength(1)
  delete issuer.misbehaviour.handle
  clock.advance(10_000)
  await signIn(slow, issuer)
  await slow.close()
})

test('S30 a slow body times out', async () => {
  issuer.misbehaviour.handle = (_request, response) => {
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
    return Boolean(response.writeHead(200, { 'content-type': 'application/json' }))
  }
  const response = await app.request('/auth/google')
  expect((await problemOf(response)).code).toBe('provider_unreachable')
})

test.each(['/.well-known/openid-configuration', '/token', '/jwks'])(
  'S30 a huge body from %s is not read to its end',
  async (path) => {
    let written = 0
    issuer.misbehaviour.handle = (request, response) => {
      if (!request.url?.startsWith(path)) return false
      response.writeHead(200, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(65_536, ' ')
      const pump = () => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length
      }
      response.on('drain', pump)
      pump()
      return true
    }
    const response = await flowUntil(path)
    // Given up for its size, not for the time it took.
    expect(await problemOf(response)).toMatchObject({
      code: 'provider_error',
      detail: expect.stringContaining('bytes'),
    })
    expect(written).toBeLessThan(64 * 1_048_576)
  },
)

test.each(['/.well-known/openid-configuration', '/token', '/jwks'])(
  'S30 a redirect of %s into the private network is not followed',
  async (path) => {
    const inside = await startInside()
    issuer.misbehaviour.handle = (request, response) =>
      request.url?.startsWith(path) === true && Boolean(response.writeHead(307, { location: inside.url }).end())
    const response = await flowUntil(path)
    expect(response.status).toBe(502)
    expect(inside.visits()).toBe(0)
    await inside.close()
  },
)

test('S30 endpoints that are plain http on another machine are never called', async () => {
  issuer.misbehaviour.discovery = (document) => ({ ...document, token_endpoint: 'http://192.0.2.7/token' })
  const response = await app.request(await callbackFor(app, issuer))
  expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
    status: 502,
    code: 'provider_error',
  })
})

test('an authorization endpoint that is not a web address is refused', async () => {
  issuer.misbehaviour.discovery = (document) => ({ ...document, authorization_endpoint: 'javascript:alert(1)//' })
  expect((await app.request('/auth/google')).status).toBe(502)
})

test.each([
  ['invalid_client', 502, 'provider_error'],
  ['redirect_uri_mismatch', 502, 'provider_error'],
  ['invalid_grant', 400, 'invalid_grant'],
])('an exchange that fails with %s hints at the cause', async (error, status, code) => {
  issuer.misbehaviour.handle = (request, response) =>
    request.url === '/token' &&
    Boolean(response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error })))
  const response = await app.request(await callbackFor(app, issuer))
  const problem = await problemOf(response)
  expect({ status: response.status, code: problem.code }).toEqual({ status, code })
  expect(problem.hint).toBeTruthy()
})

test.each(['not json', '[]', '{}', '{"access_token":"a"}', ''])(
  'a token answer of %j is a provider’s error',
  async (body) => {
    issuer.misbehaviour.handle = (request, response) =>
      request.url === '/token' && Boolean(response.writeHead(200, { 'content-type': 'application/json' }).end(body))
    const response = await app.request(await callbackFor(app, issuer))
    expect([400, 502]).toContain(response.status)
    expect(['provider_error', 'id_token_invalid']).toContain((await problemOf(response)).code)
  },
)

/** Goes as far as the call to an endpoint: the start of a sign-in discovers, the callback calls the rest. */
async function flowUntil(path: string): Promise<Response> {
  if (path.startsWith('/.well-known')) return await app.request('/auth/google')
  const { authorization_url: url } = await startByFetch(app)
  return await app.request(pathOf(await issuer.authorize(url)))
}

async function startInside(): Promise<{ url: string; visits: () => number; close: () => Promise<void> }> {
  let visits = 0
  const server: Server = createServer((_request, response) => {
    visits += 1
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
