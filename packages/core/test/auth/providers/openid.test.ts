import { expect, test } from 'vitest'
import { OpenIdClient } from '../../../src/auth/providers/openid.ts'
import { createRuntime } from '../../../src/common/runtime.ts'
import { sharedIssuer } from '../support/shared.ts'

const issuer = await sharedIssuer()

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

test('an ID token may contain an alias of the issuer, and the account belongs to the issuer itself', async () => {
  const token = await issuer.sign({ ...issuer.idTokenClaims({ sub: 'p' }, 'n'), iss: 'accounts.issuer.example' })
  const { profile } = await clientWith(['accounts.issuer.example']).verifyIdToken(token)
  expect(profile).toMatchObject({ issuer: issuer.url, subject: 'p' })
  await expect(clientWith([]).verifyIdToken(token)).rejects.toMatchObject({ code: 'id_token_invalid' })
})
