import { createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { base64url, decodeProtectedHeader, exportJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { ownKeys } from '../../../src/auth/keys/fixed-keys.ts'
import type { TokenKeys } from '../../../src/auth/keys/token-keys.ts'
import { FamiliarTokens } from '../../../src/auth/tokens/familiar-tokens.ts'
import { SignatureChecks } from '../../../src/auth/tokens/signature-checks.ts'

const now = Date.now()
const seconds = Math.floor(now / 1_000)
const { privateKey } = generateKeyPairSync('ed25519')
const jwk: JWK = { ...(await exportJWK(privateKey)), kid: 'k', alg: 'EdDSA' }
const claims = { iss: 'focus', aud: 'focus', sub: '1', iat: seconds, exp: seconds + 600, jti: 'j' }

function sign(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key = privateKey) {
  return new SignJWT({ ...claims, ...changes }).setProtectedHeader({ alg: 'EdDSA', kid: 'k', ...header }).sign(key)
}

async function familiar(keys: TokenKeys = ownKeys([jwk]), example?: string): Promise<FamiliarTokens> {
  const tokens = new FamiliarTokens({ keys, issuer: 'focus', audience: 'focus', requiredClaims: ['sub', 'jti'] })
  const token = example ?? (await sign())
  const header = decodeProtectedHeader(token)
  tokens.learn(token, { ...header, alg: String(header.alg) })
  return tokens
}

test('S17 verifies a token with a header that jose has accepted, and no other', async () => {
  const tokens = await familiar()
  expect(await tokens.claimsOf(await sign({ sub: '2' }), now)).toMatchObject({ ...claims, sub: '2' })
  expect(await tokens.claimsOf(await sign({}, { typ: 'at+jwt' }), now)).toBeNull()
  tokens.forget()
  expect(await tokens.claimsOf(await sign(), now)).toBeNull()
})

test.each<[string, Record<string, unknown>]>([
  ['another issuer', { iss: 'another' }],
  ['another audience', { aud: 'another' }],
  ['several audiences', { aud: ['focus', 'another'] }],
  ['no sub', { sub: undefined }],
  ['no jti', { jti: undefined }],
  ['no exp', { exp: undefined }],
  ['an exp that is a text', { exp: String(seconds + 600) }],
  ['no iat', { iat: undefined }],
  ['an nbf', { nbf: seconds }],
  ['an expiry 30 s ago', { exp: seconds - 30 }],
])('S17 leaves a token with %s to jose', async (_name, changes) => {
  const payload = base64url.encode(JSON.stringify({ ...claims, ...changes }))
  const [header, , signature] = (await sign()).split('.')
  expect(await (await familiar()).claimsOf(`${header}.${payload}.${signature}`, now)).toBeNull()
})

test('S17 refuses a wrong signature, and a payload that is not the signed one', async () => {
  const tokens = await familiar()
  const token = await sign()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const others = generateKeyPairSync('ed25519').privateKey
  const other = base64url.encode(JSON.stringify({ ...claims, sub: '2' }))
  for (const forged of [await sign({}, {}, others), `${header}.${other}.${signature}`]) {
    await expect(tokens.claimsOf(forged, now)).rejects.toMatchObject({ code: 'invalid_token' })
  }
  // The low byte of U+0165 is `e`: a copy that drops the high byte would have the signed bytes.
  const wide = payload.replace('e', '\u0165')
  for (const strange of [
    `${header}.${wide}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}.${signature}A`,
    `${header}.${payload}.${signature}.${signature}`,
    `${header}.${payload} .${signature}`,
    `${header}.${base64url.encode('[1]')}.${signature}`,
    `${header}.AAAA.${signature}`,
    header,
    '',
  ]) {
    expect(await tokens.claimsOf(strange, now)).toBeNull()
  }
})

test('S20 leaves a token to jose once its key is no longer published', async () => {
  const keys = ownKeys([jwk])
  const tokens = await familiar(keys)
  expect(await tokens.claimsOf(await sign(), now)).not.toBeNull()
  keys.published = () => null
  expect(await tokens.claimsOf(await sign(), now)).toBeNull()
})

test('learns no header of another algorithm', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = ownKeys([{ ...(await exportJWK(pair.privateKey)), kid: 'k', alg: 'ES256' }])
  const token = await sign({}, { alg: 'ES256' }, pair.privateKey)
  await jwtVerify(token, pair.publicKey)
  expect(await (await familiar(keys, token)).claimsOf(token, now)).toBeNull()
})

describe.each([true, false])('signatures, in the thread pool: %s', (inPool) => {
  const publicKey = createPublicKey(privateKey)
  const others = generateKeyPairSync('ed25519').privateKey

  test.each([
    ['verified with the public key', null],
    ['compared with those of the private key', privateKey],
    ['verified after a comparison with those of another key', others],
  ])('are %s, each by itself', async (_name, ownKey) => {
    const checks = new SignatureChecks(inPool)
    const bytes = Array.from({ length: 100 }, (_, index) => Buffer.from(`message ${index}`))
    let turns = 0
    const counter = setInterval(() => (turns += 1), 0)
    const valid = await Promise.all(
      bytes.map((message, index) => {
        const signature = signBytes(null, message, privateKey)
        const shown = index % 3 === 0 ? signature : index % 3 === 1 ? signature.fill(1, 9, 10) : signature.subarray(1)
        return checks.isValid({ bytes: message, signature: shown, publicKey, privateKey: ownKey })
      }),
    )
    clearInterval(counter)
    expect(valid).toEqual(bytes.map((_, index) => index % 3 === 0))
    // The event loop went on in between.
    expect(turns).toBeGreaterThan(0)
  })
})
