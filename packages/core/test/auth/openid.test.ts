import { afterAll, beforeAll, expect, test } from 'vitest'
import { OpenIdClient } from '../../src/auth/providers/openid.ts'
import { createRuntime } from '../../src/common/runtime.ts'
import { TestIssuer } from './support/issuer.ts'

let issuer: TestIssuer

beforeAll(async () => {
  issuer = await TestIssuer.start()
})

afterAll(async () => {
  await issuer.close()
})

function clientWith(issuerAliases: readonly string[]): OpenIdClient {
  return new OpenIdClient(
    {
      name: 'aliased',
      issuer: issuer.url,
      issuerAliases,
      clientId: issuer.clientId,
      clientSecret: issuer.clientSecret,
      scopes: ['openid'],
      trustsEmail: () => false,
      idTokenAudiences: [],
      timeoutMs: undefined,
    },
    createRuntime(),
  )
}

test('an ID token may name the issuer by its other form, and the account is still the issuer’s', async () => {
  const token = await issuer.sign({ ...issuer.idTokenClaims({ sub: 'p' }, 'n'), iss: 'accounts.issuer.example' })
  const { profile } = await clientWith(['accounts.issuer.example']).verifyIdToken(token)
  expect(profile).toMatchObject({ issuer: issuer.url, subject: 'p' })
  await expect(clientWith([]).verifyIdToken(token)).rejects.toMatchObject({ code: 'id_token_invalid' })
})
