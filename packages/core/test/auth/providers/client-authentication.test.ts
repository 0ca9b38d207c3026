import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { ClientMetadata } from 'oidc-provider'
import { afterEach, describe, expect, test } from 'vitest'
import { authMethodOf } from '../../../src/auth/providers/client-authentication.ts'
import { type OidcOptions, oidc } from '../../../src/auth/providers/oidc.ts'
import { type App, startApp } from '../support/app.ts'
import { CertifiedIssuer, certifiedClientId } from '../support/certified.ts'
import { startByFetch, pathOf, problemOf } from '../support/flow.ts'

const clientSecret = 'a secret with +, %, : and & that Basic must encode'
const ends: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A sign-in with a client that the certified provider knows by `registered`, configured by `options`. */
async function signIn(registered: Partial<ClientMetadata>, options: Partial<OidcOptions>): Promise<Response> {
  const issuer = new CertifiedIssuer(registered)
  await issuer.start()
  ends.push(() => issuer.close())
  const provider = oidc({ name: 'certified', issuer: issuer.url, clientId: certifiedClientId, ...options })
  const app: App = await startApp({ config: { providers: [provider] } })
  ends.push(() => app.close())
  app.sentinel.guard(clientSecret)
  const { authorization_url: url } = await startByFetch(app, 'certified', '?login_hint=alice')
  return await app.request(pathOf(await issuer.authorize(url)))
}

async function keyPair(kid: string): Promise<{ readonly privateJwk: JWK; readonly publicJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const named = async (key: typeof publicKey) => ({ ...(await exportJWK(key)), kid, alg: 'ES256', use: 'sig' })
  return { privateJwk: await named(privateKey), publicJwk: await named(publicKey) }
}

describe('A8: the client authenticates at the certified provider', () => {
  test.each(['client_secret_basic', 'client_secret_post'] as const)(
    'by %s, because it is announced',
    async (method) => {
      const response = await signIn(
        { client_secret: clientSecret, token_endpoint_auth_method: method },
        { clientSecret },
      )
      expect(response.status).toBe(200)
    },
  )

  test('by private_key_jwt, which is announced and has a key', async () => {
    const { privateJwk, publicJwk } = await keyPair('client-key')
    const response = await signIn(
      { jwks: { keys: [publicJwk] }, token_endpoint_auth_method: 'private_key_jwt' },
      { clientKey: privateJwk, clientSecret },
    )
    expect(response.status).toBe(200)
  })

  test('by none, as a public client', async () => {
    expect((await signIn({ token_endpoint_auth_method: 'none' }, {})).status).toBe(200)
  })

  test.each<[string, Partial<ClientMetadata>, Partial<OidcOptions>, string]>([
    [
      'a wrong secret',
      { token_endpoint_auth_method: 'client_secret_basic' },
      { clientSecret: 'wrong' },
      'client_secret_basic',
    ],
    [
      'a forced method that is not registered',
      { token_endpoint_auth_method: 'client_secret_basic' },
      { clientSecret, tokenEndpointAuthMethod: 'client_secret_post' },
      'client_secret_post',
    ],
  ])('and %s is named as client authentication', async (_, registered, options, method) => {
    const response = await signIn({ client_secret: clientSecret, ...registered }, options)
    expect(response.status).toBe(502)
    expect(await problemOf(response)).toMatchObject({
      code: 'provider_error',
      detail: `certified refused the client authentication (${method}).`,
      hint: expect.stringContaining('tokenEndpointAuthMethod'),
    })
  })

  test('and a wrong key is refused as client authentication', async () => {
    const [ours, theirs] = [await keyPair('k'), await keyPair('k')]
    const response = await signIn(
      { jwks: { keys: [theirs.publicJwk] }, token_endpoint_auth_method: 'private_key_jwt' },
      { clientKey: ours.privateJwk },
    )
    expect((await problemOf(response)).detail).toBe('certified refused the client authentication (private_key_jwt).')
  })
})

describe('A8: the method', () => {
  const key: JWK = { kty: 'EC', crv: 'P-256' }

  test.each([
    ['announced by nobody', { clientSecret }, undefined, 'client_secret_basic'],
    ['both', { clientSecret }, ['client_secret_basic', 'client_secret_post'], 'client_secret_post'],
    ['Basic alone', { clientSecret }, ['client_secret_basic'], 'client_secret_basic'],
    [
      'a key announced',
      { clientSecret, clientKey: key },
      ['client_secret_basic', 'private_key_jwt'],
      'private_key_jwt',
    ],
    ['a key, not announced', { clientSecret, clientKey: key }, ['client_secret_basic'], 'client_secret_basic'],
    ['a key alone', { clientKey: key }, undefined, 'private_key_jwt'],
    ['neither', {}, ['client_secret_basic'], 'none'],
    [
      'forced',
      { clientSecret, tokenEndpointAuthMethod: 'client_secret_basic' },
      ['private_key_jwt'],
      'client_secret_basic',
    ],
  ] as const)('with %s', (_, credentials, announced, method) => {
    expect(authMethodOf({ name: 'x', clientSecret: undefined, ...credentials }, announced)).toBe(method)
  })

  test('that has nothing in common with the credentials is a provider_error that names both', () => {
    expect(() => authMethodOf({ name: 'x', clientSecret }, ['private_key_jwt'])).toThrow(
      expect.objectContaining({
        code: 'provider_error',
        hint: expect.stringContaining('It announces private_key_jwt.'),
      }),
    )
  })

  test.each<[string, Partial<OidcOptions>]>([
    ['tokenEndpointAuthMethod', { tokenEndpointAuthMethod: 'client_secret_basic' }],
    ['tokenEndpointAuthMethod', { tokenEndpointAuthMethod: 'private_key_jwt', clientSecret }],
    ['clientKey', { clientKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } }],
  ])('is refused when %s contradicts the other options: %j', (option, options) => {
    expect(() => oidc({ issuer: 'https://login.example.com', clientId: 'c', ...options })).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(option) }),
    )
  })
})
