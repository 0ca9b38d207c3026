import { describe, expect, test } from 'vitest'
import { github } from './github.ts'
import { google } from './google.ts'
import { oidc } from './oidc.ts'

const good = {
  google: { clientId: 'c', clientSecret: 's' },
  github: { clientId: 'c', clientSecret: 's' },
  oidc: { clientId: 'c', issuer: 'https://login.example.com' },
}
/** Called as plain JavaScript calls them. */
const make = (factory: keyof typeof good, options: unknown) => () =>
  Reflect.apply({ google, github, oidc }[factory], null, [options])

const common = {
  clientId: ['', 7, null],
  clientSecret: ['', 7, true],
  redirectUri: ['/callback', 'http://app.example/callback', 'https://app.example/?q', 7],
  timeoutMs: [0, -1, '5s', 1.5],
}
const wrong = {
  google: { ...common, issuer: ['accounts.google.com', 'http://login.example.com', 7], idTokenAudiences: ['a', [7]] },
  github: { ...common, url: ['github.com', 'http://github.example'], apiUrl: ['/api'], trustEmail: ['yes', 1] },
  oidc: {
    ...common,
    issuer: ['login.example.com', 'http://login.example.com', '', null],
    name: ['', 'Upper', 'jwks.json', 'me', 7],
    scopes: ['openid email', [7]],
    trustEmail: ['yes', 1],
    idTokenAudiences: ['a'],
    clientKey: ['pem', {}, { kty: 'RSA', n: 'public' }, { kty: 'oct', k: 'x' }],
    tokenEndpointAuthMethod: ['client_secret_jwt', 'basic', 7],
  },
}
const cases = Object.entries(wrong).flatMap(([factory, options]) =>
  Object.entries(options).map(([option, values]) => [factory, option, values] as const),
)

describe('the options of a provider', () => {
  test.each(cases)('A24: %s(): a wrong %s is refused, with its path', (factory, option, values) => {
    const name = factory === 'google' || factory === 'github' ? factory : 'oidc'
    for (const value of values) {
      expect(make(name, { ...good[name], [option]: value })).toThrow(
        expect.objectContaining({
          code: 'invalid_option',
          message: expect.stringMatching(new RegExp(`^${name}\\.${option}[.\\w]*: (?:expected|missing; expected) `)),
        }),
      )
    }
  })

  test.each(['google', 'github', 'oidc'] as const)('A24: %s() refuses an option that it does not know', (name) => {
    expect(make(name, { ...good[name], clientID: 'c' })).toThrow(
      `${name}.clientID: is not an option; did you mean ${name}.clientId?`,
    )
    expect(make(name, undefined)).toThrow(`${name}.clientId: missing; expected a non-empty string.`)
    expect(make(name, { ...good[name], redirectUri: undefined, timeoutMs: null })).not.toThrow()
  })
})
