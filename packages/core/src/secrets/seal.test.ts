import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { seal, unseal } from './seal.ts'

test('a sealed text opens with its secret, current or older, and with no other', () => {
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
])('a text that was never sealed does not open: %j', (text) => {
  expect(unseal(text, ['secret'], 'context')).toBeNull()
})

test('a sealed text has exactly one spelling', () => {
  const sealed = seal('text', 'secret', 'context', randomBytes)
  for (const other of [`${sealed}=`, `${sealed} `, `${sealed}.AAAA`, sealed.replace('v1', 'v2'), `${sealed}*`]) {
    expect(unseal(other, ['secret'], 'context')).toBeNull()
  }
})

test('a sealed text with any character changed does not open', () => {
  const sealed = seal('text', 'secret', 'context', randomBytes)
  for (let at = 3; at < sealed.length; at += 1) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    expect(unseal(changed, ['secret'], 'context')).toBeNull()
  }
})
