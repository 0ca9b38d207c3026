import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base64url, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { type App, startApp } from '../support/app.ts'
import { problemOf, signIn, type TokenAnswer } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { sharedApp, sharedIssuer } from '../support/shared.ts'

const clock = manualClock()
const issuer = await sharedIssuer(clock)
const app = await sharedApp({ runtime: { clock }, config: { providers: [googleAt(issuer)] } })
let john: TokenAnswer

beforeEach(async () => {
  john = await signIn(app, issuer)
})

async function check(token: string, node: App = app): Promise<string> {
  const response = await node.request('/auth/me', { bearer: token })
  return response.status === 200 ? 'good' : `${response.status} ${(await problemOf(response)).code}`
}

/** A token that the server's own key signed, with something changed. */
async function signed(changes: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
  const { kid, alg, key } = await app.auth.keys.signing()
  return await new SignJWT({ ...decodeJwt(john.access_token), ...changes })
    .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
    .sign(key)
}

test('S16 an access token follows RFC 9068', async () => {
  expect(decodeProtectedHeader(john.access_token)).toEqual({ alg: 'EdDSA', kid: expect.any(String), typ: 'at+jwt' })
  const now = Math.floor(clock() / 1_000)
  expect(decodeJwt(john.access_token)).toEqual({
    iss: 'focus',
    aud: 'focus',
    sub: String(john.user.id),
    iat: now,
    exp: now + 3_600,
    jti: expect.stringMatching(/^[\w-]{22}$/),
    sid: expect.stringMatching(/^[\w-]{22}$/),
    client_id: 'focus',
  })
})

test('S17 the check of these tests accepts a valid token', async () => {
  expect(await check(await signed({}))).toBe('good')
})

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ['issuer', { iss: 'another' }, {}],
  ['audience', { aud: 'another' }, {}],
  ['typ', {}, { typ: 'JWT' }],
  ['type of sub', { sub: undefined }, {}],
  ['sid', { sid: undefined }, {}],
  ['jti', { jti: undefined }, {}],
  ['client_id', { client_id: undefined }, {}],
  ['exp', { exp: undefined }, {}],
  ['iat', { iat: undefined }, {}],
])('S17 a token with a wrong %s is 401', async (_name, claims, header) => {
  expect(await check(await signed(claims, header))).toBe('401 invalid_token')
})

test('S17 an ID token, a refresh token and a state used as access token are 401', async () => {
  const idToken = await issuer.sign(issuer.idTokenClaims(issuer.person, 'nonce'))
  for (const token of [idToken, john.refresh_token, 'state', '', '.', 'a.b.c', 'é'.repeat(10)]) {
    const response = await app.request('/auth/me', {
      headers: { authorization: `Bearer ${encodeURIComponent(token)}` },
    })
    expect(response.status).toBe(401)
  }
})

test('S17 alg none, and HS256 with the public key, are 401', async () => {
  const { kid } = decodeProtectedHeader(john.access_token)
  const payload = john.access_token.split('.')[1]
  const header = base64url.encode(JSON.stringify({ alg: 'none', kid, typ: 'at+jwt' }))
  expect(await check(`${header}.${payload}.`)).toBe('401 invalid_token')
  const [publicKey] = (await app.auth.keys.jwks()).keys
  const forged = await new SignJWT(decodeJwt(john.access_token))
    .setProtectedHeader({ alg: 'HS256', kid: String(kid), typ: 'at+jwt' })
    .sign(base64url.decode(String(publicKey?.x)))
  expect(await check(forged)).toBe('401 invalid_token')
})

test('S18 jku, x5u and jwk of a token are ignored', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'mine', alg: 'EdDSA' }
  let visits = 0
  const server = createServer((_request, response) => {
    visits += 1
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  for (const kid of ['mine', decodeProtectedHeader(john.access_token).kid]) {
    const token = await new SignJWT(decodeJwt(john.access_token))
      .setProtectedHeader({ alg: 'EdDSA', kid: String(kid), typ: 'at+jwt', jku: url, x5u: url, jwk })
      .sign(privateKey)
    expect(await check(token)).toBe('401 invalid_token')
  }
  expect(visits).toBe(0)
  await new Promise((resolve) => server.close(resolve))
})

test('S19 an iat up to 30 seconds ahead is accepted, a later one is refused', async () => {
  const now = Math.floor(clock() / 1_000)
  expect(await check(await signed({ iat: now + 29, exp: now + 600 }))).toBe('good')
  expect(await check(await signed({ iat: now + 32, exp: now + 600 }))).toBe('401 invalid_token')
})

test('S19 a token expires at its exp, even after it was verified', async () => {
  clock.advance(3_599_000)
  expect(await check(john.access_token)).toBe('good')
  clock.advance(1_000)
  expect(await check(john.access_token)).toBe('401 token_expired')
  expect(await check(await signed({ jti: 'never seen before' }))).toBe('401 token_expired')
})

test('S35 a verified token is looked up as a whole', async () => {
  expect(await check(john.access_token)).toBe('good')
  const [header, payload, signature = ''] = john.access_token.split('.')
  const other = signature.startsWith('A') ? 'B' : 'A'
  expect(await check(`${header}.${payload}.${other}${signature.slice(1)}`)).toBe('401 invalid_token')
  const claims = base64url.encode(JSON.stringify({ ...decodeJwt(john.access_token), sub: '999' }))
  expect(await check(`${header}.${claims}.${signature}`)).toBe('401 invalid_token')
})

test('a known token is not verified again, but ends with its session', async () => {
  const principal = await app.auth.tokens.verify(john.access_token)
  expect(await app.auth.tokens.verify(john.access_token)).toBe(principal)
  await app.auth.sessions.end(String(principal.sessionId), 'revoked')
  expect(await check(john.access_token)).toBe('401 session_revoked')
})

test('carries the scopes that the application assigns to the user', async () => {
  const node = await startApp({
    runtime: { clock },
    config: { providers: [googleAt(issuer)], scopes: async ({ username }) => ['read', `only-${username}`] },
  })
  const answer = await signIn(node, issuer)
  expect(decodeJwt(answer.access_token)['scope']).toBe('read only-john_doe')
  expect((await node.auth.tokens.verify(answer.access_token)).scopes).toEqual(['read', 'only-john_doe'])
  await node.close()
})

test('authenticate reads Node’s headers and a Headers object, and is null without a bearer', async () => {
  const authorization = `Bearer ${john.access_token}`
  const principal = await app.auth.authenticate({ authorization })
  expect(principal).toEqual({
    userKey: String(john.user.id),
    userId: john.user.id,
    sessionId: expect.any(String),
    scopes: [],
    expiresAt: expect.any(Number),
  })
  expect(await app.auth.authenticate(new Headers({ authorization: authorization.replace('Bearer', 'bearer') }))).toBe(
    principal,
  )
  expect(await app.auth.authenticate({})).toBeNull()
  expect(await app.auth.authenticate({ authorization: 'Basic dTpw' })).toBeNull()
})

describe('Other keys', () => {
  test('HS256 with a secret, and a newer one in front of it', async () => {
    const [older, newer] = ['o'.repeat(32), 'n'.repeat(32)]
    const start = (secrets: string[]) =>
      startApp({
        runtime: { clock },
        database: app.database,
        config: { providers: [googleAt(issuer)], tokens: { kind: 'secret', secrets } },
      })
    const before = await start([older])
    const { access_token: token } = await signIn(before, issuer)
    expect(decodeProtectedHeader(token).alg).toBe('HS256')
    expect(await (await before.request('/auth/jwks.json')).json()).toEqual({ keys: [] })
    const after = await start([newer, older])
    expect(await check(token, after)).toBe('good')
    expect(decodeProtectedHeader((await signIn(after, issuer)).access_token).kid).not.toBe(
      decodeProtectedHeader(token).kid,
    )
    const later = await start([newer])
    expect(await check(token, later)).toBe('401 invalid_token')
    for (const node of [before, after, later]) await node.close()
  })

  test('a secret that is too short is refused at the start', async () => {
    const config = { tokens: { kind: 'secret', secrets: ['short'] } } as const
    await expect(startApp({ config })).rejects.toMatchObject({ code: 'invalid_option' })
  })

  test.each(['RS256', 'ES256', 'EdDSA'])('a private JWK of the application: %s', async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(privateKey)), kid: 'own-1', alg }
    const node = await startApp({
      runtime: { clock },
      config: { providers: [googleAt(issuer)], tokens: { kind: 'keys', keys: [jwk] } },
    })
    const { access_token: token } = await signIn(node, issuer)
    expect(decodeProtectedHeader(token)).toMatchObject({ alg, kid: 'own-1' })
    expect(await check(token, node)).toBe('good')
    const { keys } = (await (await node.request('/auth/jwks.json')).json()) as { keys: Record<string, unknown>[] }
    expect(keys).toEqual([expect.objectContaining({ kid: 'own-1', alg })])
    for (const secretPart of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(keys[0]).not.toHaveProperty(secretPart)
    await node.close()
  })

  test('a JWK without a private key is refused without being quoted', async () => {
    const config = { tokens: { kind: 'keys', keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA', kid: 'k' }] } } as const
    const error: unknown = await startApp({ config }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'invalid_option', message: expect.stringContaining('tokens.keys[0]') })
    expect(String(error)).not.toContain('AAAA')
  })
})

describe('Tokens of another issuer', () => {
  const settings = () => ({ jwksUri: `${issuer.url}/jwks`, issuer: issuer.url, audience: 'our-api' })
  let node: App

  beforeAll(async () => {
    node = await startApp({
      runtime: { clock },
      config: { tokens: { kind: 'external', ...settings() } },
    })
  })

  afterEach(() => {
    delete issuer.misbehaviour.handle
  })

  afterAll(async () => {
    await node.close()
  })

  const external = (claims: Record<string, unknown> = {}) =>
    issuer.sign(
      { ...issuer.idTokenClaims({ sub: '42' }, null), aud: 'our-api', scope: 'read write', ...claims },
      { typ: 'at+jwt' },
    )
  const verify = async (token: string) => node.auth.tokens.verify(token)

  test('are accepted, with their scopes', async () => {
    const token = await external()
    expect(await verify(token)).toMatchObject({ userKey: '42', sessionId: null, scopes: ['read', 'write'] })
    expect(await verify(token)).toBe(await verify(token))
  })

  test.each([
    ['audience', { aud: 'another-api' }],
    ['issuer', { iss: 'https://evil.example' }],
    ['subject', { sub: undefined }],
    ['form of the subject', { sub: 'somebody\ud800' }],
    ['expiry', { exp: undefined }],
  ])('are refused with a wrong %s', async (_name, claims) => {
    await expect(verify(await external(claims))).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('are the only ones: our own are refused', async () => {
    await expect(verify(john.access_token)).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('expire at their exp', async () => {
    const token = await external()
    await verify(token)
    clock.advance(300_000)
    await expect(verify(token)).rejects.toMatchObject({ code: 'token_expired' })
  })

  test('cannot be verified while the issuer’s keys are unreachable, which is not an error of the token', async () => {
    const fresh = await startApp({ config: { tokens: { kind: 'external', ...settings() } } })
    issuer.misbehaviour.handle = (_request, response) => Boolean(response.writeHead(503).end())
    await expect(fresh.auth.tokens.verify(await external())).rejects.toMatchObject({ code: 'provider_unreachable' })
    await fresh.close()
  })

  test('disable our own sign-in', async () => {
    const response = await node.request('/auth/google')
    expect((await problemOf(response)).code).toBe('oauth_disabled')
  })
})
