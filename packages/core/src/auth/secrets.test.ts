import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { equalInConstantTime, newSecret, s256, seal, sha256, unseal } from './secrets.ts'

test('a secret has 256 bits and is safe in URLs and cookies', () => {
  expect(newSecret(randomBytes)).toMatch(/^[\w-]{43}$/)
})

test('S256 is what RFC 7636 shows in appendix B', () => {
  expect(s256('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('sealed text opens with its secret, also an older one, and with no other', () => {
  const sealed = seal('the text: é', 'secret', 'context', randomBytes)
  expect(unseal(sealed, ['secret'], 'context')).toBe('the text: é')
  expect(unseal(sealed, ['newer', 'secret'], 'context')).toBe('the text: é')
  expect(unseal(sealed, ['other'], 'context')).toBeNull()
  expect(unseal(sealed, [], 'context')).toBeNull()
})

test('one sealed value does not open in the place of another', () => {
  expect(unseal(seal('text', 'secret', 'here', randomBytes), ['secret'], 'there')).toBeNull()
})

test('the same text is sealed differently every time', () => {
  expect(seal('text', 'secret', 'c', randomBytes)).not.toBe(seal('text', 'secret', 'c', randomBytes))
})

test.each([
  '',
  'v1',
  'v1.a.b.c',
  'v2.AAAA.AAAA.AAAA',
  'v1...',
  `v1.${'A'.repeat(22)}.${'A'.repeat(16)}.${'A'.repeat(40)}`,
])('what was never sealed is null: %j', (text) => {
  expect(unseal(text, ['secret'], 'context')).toBeNull()
})

test('a sealed text that was changed in any place does not open', () => {
  const sealed = seal('text', 'secret', 'context', randomBytes)
  for (let at = 3; at < sealed.length; at += 1) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    const opened = unseal(changed, ['secret'], 'context')
    // The last character of a part may hold bits that base64url does not use.
    expect([null, 'text']).toContain(opened)
    if (opened === 'text')
      expect(Buffer.from(changed.split('.').at(-1) ?? '', 'base64url')).toEqual(
        Buffer.from(sealed.split('.').at(-1) ?? '', 'base64url'),
      )
  }
})

test('texts are compared whole', () => {
  expect(equalInConstantTime('a', 'a')).toBe(true)
  expect(equalInConstantTime('a', 'ab')).toBe(false)
  expect(equalInConstantTime(sha256('a'), sha256('b'))).toBe(false)
})
