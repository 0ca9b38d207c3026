import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Sealer, seal, unseal } from './sealing.ts'

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

test('a sealed text has one spelling', () => {
  const sealed = seal('text', 'secret', 'context', randomBytes)
  for (const other of [`${sealed}=`, `${sealed} `, `${sealed}.AAAA`, sealed.replace('v1', 'v2'), `${sealed}*`]) {
    expect(unseal(other, ['secret'], 'context')).toBeNull()
  }
})

test('a sealed text that was changed in any place does not open', () => {
  const sealed = seal('text', 'secret', 'context', randomBytes)
  for (let at = 3; at < sealed.length; at += 1) {
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    expect(unseal(changed, ['secret'], 'context')).toBeNull()
  }
})

test('a sealer seals with the newest secret and opens with all of them, each for its purpose', () => {
  const before = new Sealer(['older'], randomBytes)
  const after = new Sealer(['newer', 'older'], randomBytes)
  const value = { a: [1, null, 'é'] }
  expect(after.open('here', before.seal('here', value))).toEqual(value)
  expect(before.open('here', after.seal('here', value))).toBeNull()
  expect(after.open('there', before.seal('here', value))).toBeNull()
  expect(after.open('here', 'garbage')).toBeNull()
})
