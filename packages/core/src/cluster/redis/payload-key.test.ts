import { createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { PayloadKey } from './payload-key.ts'

const bytes = randomBytes(32)
const key = new PayloadKey(bytes)

test.each([
  ['an empty text', ''],
  ['a message', 'node#a|[{"kind":"notifications"}]'],
  ['characters of several bytes', 'é€😀'],
  ['a lone surrogate', 'a\ud800b'],
  ['the longest text of the short way', '€'.repeat(10_901)],
  ['a longer text', '€'.repeat(10_902)],
  ['a short text after a long one', 'b'],
])('signs %s as HMAC-SHA-256 does', (_, text) => {
  expect(key.sign(text)).toBe(createHmac('sha256', bytes).update(text).digest('base64url'))
})
