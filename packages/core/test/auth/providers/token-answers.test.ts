import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oidc } from '../../../src/auth/providers/oidc.ts'
import { type App, startApp } from '../support/app.ts'
import { startByFetch, callbackFor, pathOf, problemOf, signIn } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { type Claims } from '../support/issuer.ts'
import { sharedIssuer } from '../support/shared.ts'

const issuer = await sharedIssuer()
let app: App

beforeEach(async () => {
  app = await startApp({ config: { providers: [googleAt(issuer, { timeoutMs: 500 })] } })
})

afterEach(async () => {
  for (const fault of Object.keys(issuer.misbehaviour)) delete issuer.misbehaviour[fault as 'handle']
  issuer.userInfo = null
  issuer.person = { sub: 'person-1', name: 'John Doe', email: 'john@gmail.com', email_verified: true }
  await app.close()
})

async function refusalOfCallback(): Promise<{ status: number; code: string }> {
  const response = await app.request(await callbackFor(app, issuer))
  return { status: response.status, code: (await problemOf(response)).code }
}

describe('a token answer', () => {
  test.each<Claims>([
    { expires_in: null },
    { expires_in: '3600' },
    { expires_in: 'soon' },
    { expires_in: -1 },
    { refresh_token: null },
    { refresh_token: '' },
    { refresh_token: 7 },
    { scope: null },
    { scope: ['openid'] },
    { token_type: 'bearer' },
    { token_type: 'BEARER' },
    { token_type: null },
    { token_type: undefined },
    { expires_at: {}, id_token_hint: null },
  ])('A11: with %j signs in, because the member is not used', async (members) => {
    issuer.misbehaviour.tokenAnswer = (answer) => ({ ...answer, ...members })
    expect((await signIn(app, issuer)).user.email).toBe('john@gmail.com')
  })

  test.each<Claims>([
    { access_token: null },
    { access_token: '' },
    { access_token: undefined },
    { token_type: 'mac' },
    { id_token: null },
    { id_token: '' },
    { id_token: undefined },
    { id_token: 'no.jwt.here' },
    { id_token: { iss: 'x' } },
  ])('A11: with %j is an error of the provider, not of the client', async (members) => {
    issuer.misbehaviour.tokenAnswer = (answer) => ({ ...answer, ...members })
    expect(await refusalOfCallback()).toEqual({ status: 502, code: 'provider_error' })
  })

  test.each(['not json', '[]', 'null', '{}', ''])('A11: of %j is an error of the provider', async (body) => {
    issuer.misbehaviour.handle = (request, response) =>
      request.url === '/token' && Boolean(response.writeHead(200, { 'content-type': 'application/json' }).end(body))
    expect(await refusalOfCallback()).toEqual({ status: 502, code: 'provider_error' })
  })
})

describe('a claim of the wrong type', () => {
  const wrongTypes: [string, Claims][] = [
    ['sub', { sub: 42 }],
    ['iss', { iss: 42 }],
    ['aud', { aud: 42 }],
    ['exp', { exp: 'tomorrow' }],
    ['iat', { iat: 'today' }],
    ['nonce', { nonce: 42 }],
  ]

  test.each(wrongTypes)('V14: %s from the token endpoint is 502', async (_, wrong) => {
    issuer.misbehaviour.claims = (claims) => ({ ...claims, ...wrong })
    expect(await refusalOfCallback()).toEqual({ status: 502, code: 'provider_error' })
  })

  test.each([...wrongTypes, ['azp', { aud: ['client-1', 'x'], azp: 42 }] satisfies [string, Claims]])(
    'V14: %s sent by a client is 400',
    async (_, wrong) => {
      const nonce = (await (await app.request('/auth/google/nonce', { method: 'POST' })).json()) as { nonce: string }
      const token = await issuer.sign({ ...issuer.idTokenClaims(issuer.person, nonce.nonce), ...wrong })
      const response = await app.request('/auth/google/id_token', { body: { id_token: token } })
      expect({ status: response.status, code: (await problemOf(response)).code }).toEqual({
        status: 400,
        code: 'id_token_invalid',
      })
    },
  )
})

describe('the user-info endpoint', () => {
  beforeEach(async () => {
    issuer.person = { sub: 'person-9' }
    issuer.userInfo = { name: 'Jane Doe', email: 'jane@people.example', email_verified: true }
    await app.close()
    const { clientId, clientSecret } = issuer
    const provider = oidc({ issuer: issuer.url, clientId, clientSecret, timeoutMs: 500 })
    app = await startApp({ config: { providers: [provider] } })
  })

  const failing = (answer: (response: ServerResponse) => unknown) => {
    issuer.misbehaviour.handle = (request, response) => {
      if (request.url !== '/userinfo') return false
      answer(response)
      return true
    }
  }

  test.each<[string, Parameters<typeof failing>[0]]>([
    [
      'answers 401',
      (response) => response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end(),
    ],
    ['answers 403', (response) => response.writeHead(403).end('<html>')],
    ['answers 503', (response) => response.writeHead(503).end()],
    ['hangs', () => undefined],
    ['cuts the line', (response) => response.destroy()],
    ['answers garbage', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>')],
    ['answers HTML', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['answers a list', (response) => response.writeHead(200, { 'content-type': 'application/json' }).end('[]')],
    ['answers a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
  ])('A9: %s, and the ID token signs in', async (_, answer) => {
    failing(answer)
    const { user } = await signIn(app, issuer, 'oidc')
    expect(user).toMatchObject({ email: null, full_name: null })
    expect(app.log).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/user-info/) }),
    )
  })

  test('A9: returns another subject, and no user is signed in', async () => {
    issuer.userInfo = { sub: 'somebody-else', email: 'evil@people.example', email_verified: true }
    const { authorization_url: url } = await startByFetch(app, 'oidc')
    const response = await app.request(pathOf(await issuer.authorize(url)))
    expect(response.status).toBe(502)
    expect(await app.database.db.selectFrom('focus_users').selectAll().execute()).toEqual([])
  })

  test.each<Claims>([
    { email: null, name: null },
    { email: '', name: '' },
    { email: 'jane@people.example', name: null },
    { email: null, email_verified: true, name: 'Jane Doe' },
  ])('A9: is called when the ID token contains %j', async (claims) => {
    issuer.person = { sub: 'person-9', ...claims }
    const { user } = await signIn(app, issuer, 'oidc')
    expect(user).toMatchObject({ email: 'jane@people.example', full_name: 'Jane Doe' })
    expect(issuer.requests.at(-1)).toBe('/userinfo')
  })

  test('A9: an address of one source is not verified by the other', async () => {
    issuer.person = { sub: 'person-9', email: null, email_verified: true }
    issuer.userInfo = { name: 'Jane Doe', email: 'jane@people.example', email_verified: false }
    await signIn(app, issuer, 'oidc')
    const [user] = await app.database.db.selectFrom('focus_users').selectAll().execute()
    expect(user).toMatchObject({ email: 'jane@people.example', email_verified: 0 })
  })
})
