import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manualClock, type ManualClock } from '@focus-api/core/testing'
import { type App, startApp } from '../support/app.ts'
import { signIn } from '../support/flow.ts'
import { googleAt } from '../support/google.ts'
import { TestIssuer } from '../support/issuer.ts'

let issuer: TestIssuer
let app: App
let clock: ManualClock

beforeEach(async () => {
  issuer = await TestIssuer.start()
  clock = manualClock()
  issuer.clock = clock
  const tokens = { kind: 'external', jwksUri: `${issuer.url}/jwks`, issuer: issuer.url, audience: 'our-api' } as const
  app = await startApp({ runtime: { clock }, config: { tokens } })
})

afterEach(async () => {
  await app.close()
  await issuer.close()
})

let count = 0
/** A token that was never seen before. */
function fresh(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
  const whole = { ...issuer.idTokenClaims({ sub: '42' }, null), aud: 'our-api', jti: `${(count += 1)}`, ...claims }
  return issuer.sign(whole, { typ: 'at+jwt', ...header })
}

const verified = (token: Promise<string>) =>
  token
    .then((text) => app.auth.tokens.verify(text))
    .then(
      () => 'good',
      (error: { code?: string }) => error.code,
    )
const keyRequests = () => issuer.requests.filter((path) => path === '/jwks').length
const away = () => {
  issuer.misbehaviour.handle = (_request, response) => Boolean(response.writeHead(503).end())
}

describe('the keys of a token issuer', () => {
  test('A15: are still used for a day while the issuer is unreachable, with a pause between loads', async () => {
    expect(await verified(fresh())).toBe('good')
    away()
    clock.advance(3_600_000)
    expect(await Promise.all(Array.from({ length: 20 }, () => verified(fresh())))).toEqual(Array(20).fill('good'))
    expect(await verified(fresh())).toBe('good')
    expect(keyRequests()).toBe(2)
    clock.advance(10_000)
    expect(await verified(fresh())).toBe('good')
    expect(keyRequests()).toBe(3)
    clock.advance(25 * 3_600_000)
    expect(await verified(fresh())).toBe('provider_unreachable')
  })

  test('A15: are read again when the issuer is reachable', async () => {
    expect(await verified(fresh())).toBe('good')
    away()
    clock.advance(3_600_000)
    expect(await verified(fresh())).toBe('good')
    delete issuer.misbehaviour.handle
    await issuer.rotateKeys()
    clock.advance(30_000)
    expect(await verified(fresh())).toBe('good')
  })

  test('A15: are not requested for every token after a first failed load', async () => {
    away()
    expect(await Promise.all(Array.from({ length: 20 }, () => verified(fresh())))).toEqual(
      Array(20).fill('provider_unreachable'),
    )
    expect(await verified(fresh())).toBe('provider_unreachable')
    expect(keyRequests()).toBe(1)
    delete issuer.misbehaviour.handle
    clock.advance(1_000)
    expect(await verified(fresh())).toBe('good')
  })

  test('A15: of an issuer that hangs cost one wait', { timeout: 30_000 }, async () => {
    expect(await verified(fresh())).toBe('good')
    issuer.misbehaviour.handle = () => true
    clock.advance(3_600_000)
    expect(await Promise.all(Array.from({ length: 20 }, () => verified(fresh())))).toEqual(Array(20).fill('good'))
    expect(keyRequests()).toBe(2)
    clock.advance(3_600_000)
    const startedAt = performance.now()
    // Another load runs in the background.
    for (let call = 0; call < 20; call += 1) expect(await verified(fresh())).toBe('good')
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    await expect.poll(keyRequests).toBe(3)
  })

  test('A15: an unknown kid requests them at most every 30 seconds', async () => {
    expect(await verified(fresh())).toBe('good')
    const flood = () => Promise.all(Array.from({ length: 50 }, (_, n) => verified(fresh({}, { kid: `unknown-${n}` }))))
    expect(await flood()).toEqual(Array(50).fill('invalid_token'))
    expect(keyRequests()).toBe(1)
    clock.advance(30_000)
    expect(await flood()).toEqual(Array(50).fill('invalid_token'))
    expect(keyRequests()).toBe(2)
  })

  test('A15: an unknown kid while the issuer is unreachable is not an error of the token', async () => {
    expect(await verified(fresh())).toBe('good')
    away()
    clock.advance(30_000)
    expect(await verified(fresh({}, { kid: 'unknown' }))).toBe('provider_unreachable')
    expect(await verified(fresh({}, { kid: 'unknown' }))).toBe('provider_unreachable')
    expect(keyRequests()).toBe(2)
    expect(await verified(fresh())).toBe('good')
  })

  test('V14 S19: a token of the future is refused, and 30 seconds of clock skew are accepted', async () => {
    const now = Math.floor(clock() / 1_000)
    expect(await verified(fresh({ iat: now + 29, exp: now + 900 }))).toBe('good')
    expect(await verified(fresh({ iat: now + 31, exp: now + 900 }))).toBe('invalid_token')
    expect(await verified(fresh({ iat: now + 3_600, exp: now + 7_200 }))).toBe('invalid_token')
  })

  test.each([
    ['an ID token', { typ: 'JWT' }],
    ['a token without a type', { typ: undefined }],
  ])('V14: %s is refused, and the error names tokens.typ', async (_, header) => {
    await expect(fresh({}, header).then((token) => app.auth.tokens.verify(token))).rejects.toMatchObject({
      code: 'invalid_token',
      hint: expect.stringContaining('tokens.typ'),
    })
  })

  test.each([
    ['application/at+jwt', undefined, 'good'],
    ['JWT', 'JWT', 'good'],
    [undefined, false, 'good'],
    ['JWT', false, 'good'],
    ['at+jwt', 'JWT', 'invalid_token'],
  ] as const)('V14: a token of type %s with tokens.typ %s is %s', async (typ, setting, expected) => {
    await app.close()
    const tokens = { kind: 'external', jwksUri: `${issuer.url}/jwks`, issuer: issuer.url, audience: 'our-api' } as const
    const chosen = setting === undefined ? tokens : { ...tokens, typ: setting }
    app = await startApp({ runtime: { clock }, config: { tokens: chosen } })
    expect(await verified(fresh({}, { typ }))).toBe(expected)
  })
})

describe('keys that share a kid', () => {
  const twin = async (kid: string): Promise<JWK> => {
    const { publicKey } = await generateKeyPair('RS256')
    return { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
  }

  test.each([
    ['another key before it', async (key: JWK) => [await twin(String(key.kid)), key]],
    ['another key after it', async (key: JWK) => [key, await twin(String(key.kid))]],
    ['the key itself once more', async (key: JWK) => [key, key]],
    ['what is no key at all', async (key: JWK) => [null, 7, {}, { kty: 'RSA', kid: key.kid, alg: 'RS256' }, key]],
  ])('A18: a key set with %s', async (_, keysWith) => {
    issuer.misbehaviour.jwks = await keysWith(issuer.publicJwk)
    expect(await verified(fresh())).toBe('good')
    const provider = googleAt(issuer)
    const signing = await startApp({ runtime: { clock }, config: { providers: [provider] } })
    expect((await signIn(signing, issuer)).user.email).toBe('john@gmail.com')
    await signing.close()
  })

  test('A18: a token signed by none of them is refused', async () => {
    const kid = String(issuer.publicJwk.kid)
    issuer.misbehaviour.jwks = [await twin(kid), await twin(kid)]
    expect(await verified(fresh())).toBe('invalid_token')
  })

  test('A18: a limited number is tried', async () => {
    const kid = String(issuer.publicJwk.kid)
    issuer.misbehaviour.jwks = [...(await Promise.all(Array.from({ length: 8 }, () => twin(kid)))), issuer.publicJwk]
    expect(await verified(fresh())).toBe('invalid_token')
  })
})
