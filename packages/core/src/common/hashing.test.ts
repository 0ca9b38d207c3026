import { expect, test } from 'vitest'
import { equalInConstantTime, sha256Base64Url, sha256Hex } from './hashing.ts'

test('S256 matches the example of RFC 7636, appendix B', () => {
  expect(sha256Base64Url('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  )
})

test('texts are compared as a whole', () => {
  expect(equalInConstantTime('a', 'a')).toBe(true)
  expect(equalInConstantTime('a', 'ab')).toBe(false)
  expect(equalInConstantTime(sha256Hex('a'), sha256Hex('b'))).toBe(false)
})
