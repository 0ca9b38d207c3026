import { expect, test } from 'vitest'
import { asciiLowerCase } from './ascii-lower-case.ts'

test('A4: folds A to Z', () => {
  expect(asciiLowerCase('Mike.ABCXYZ@Corp.Example')).toBe('mike.abcxyz@corp.example')
})

// `toLowerCase` turns these into k, i with a dot (two characters), å, ß and é.
test.each(['\u212A', '\u0130', '\u212B', '\u1E9E', '\u00C9'])('A4: does not change %j', (letter) => {
  expect(asciiLowerCase(letter)).toBe(letter)
  expect(letter.toLowerCase()).not.toBe(letter)
})
