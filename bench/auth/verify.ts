import { generateKeyPairSync } from 'node:crypto'
import { createFocus } from '@focus-api/core'
import { jwtVerify, SignJWT } from 'jose'
import type { Contestant } from './contestant.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** Verification of a known token: `focus.authenticate` and jose, with the same kind of key and claims. */
export async function verifyContestants(): Promise<readonly Contestant[]> {
  const focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  const { user } = await focus.auth.accounts.signIn(profileOf('alice', { provider: 'bench', fullName: 'Alice' }))
  const { accessToken } = await focus.auth.sessions.start(user, 'bench')
  const ours = { authorization: `Bearer ${accessToken}` }

  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const claims = { issuer: 'https://issuer.example', audience: 'bench' }
  const token = await new SignJWT({ sid: 'one-session-of-the-bench', client_id: 'bench' })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
    .setIssuer(claims.issuer)
    .setAudience(claims.audience)
    .setSubject('1')
    .setJti('one-token-of-the-bench')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  const options = { ...claims, typ: 'at+jwt', algorithms: ['EdDSA'] }
  return [
    {
      name: 'jose EdDSA',
      run: async () => void (await jwtVerify(token, publicKey, options)),
      close: async () => undefined,
    },
    { name: 'focus, known token', run: async () => void (await focus.authenticate(ours)), close: () => focus.close() },
  ]
}
