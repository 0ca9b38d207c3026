import { expect, test } from 'vitest'
import { wrap } from './wrap.ts'

test('breaks between words and indents the following lines', () => {
  expect(wrap('one two three four five six seven eight nine', 30, 2)).toBe(
    'one two three four five six\n  seven eight nine',
  )
})

test('keeps the lines and the indentation that the text has', () => {
  expect(wrap('in nginx:\n  proxy_http_version 1.1;', 60, 4)).toBe('in nginx:\n      proxy_http_version 1.1;')
})

test('keeps a word that is longer than the line', () => {
  const address = 'http://localhost:8000/api/auth/google/callback'
  expect(wrap(`an address ${address} in it`, 10, 0)).toBe(`an address\n${address}\nin it`)
})
