import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { equalInConstantTime, newSecret, s256, sha256 } from './secrets.ts'

test('a secret has 256 bits and is safe in URLs and cookies', () => {
  expect(newSecret(randomBytes)).toMatch(/^[\w-]{43}$/)
})

test('S256 is what RFC 7636 shows in appendix B', () => {
  expect(s256('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('texts are compared whole', () => {
  expect(equalInConstantTime('a', 'a')).toBe(true)
  expect(equalInConstantTime('a', 'ab')).toBe(false)
  expect(equalInConstantTime(sha256('a'), sha256('b'))).toBe(false)
})
