import { expect, test } from 'vitest'
import { asciiLowerCase } from './ascii-lower-case.ts'

test('A4: folds A to Z', () => {
  expect(asciiLowerCase('Mike.ABCXYZ@Corp.Example')).toBe('mike.abcxyz@corp.example')
})

// What toLowerCase makes of them: k, i and a dot (one character becomes two), å, ß, é.
test.each(['\u212A', '\u0130', '\u212B', '\u1E9E', '\u00C9'])('A4: leaves %j as it is', (letter) => {
  expect(asciiLowerCase(letter)).toBe(letter)
  expect(letter.toLowerCase()).not.toBe(letter)
})
