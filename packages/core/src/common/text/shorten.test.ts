import { expect, test } from 'vitest'
import { head, shorten } from './shorten.ts'

test('a text that fits is unchanged', () => {
  expect(shorten('Été', 3)).toBe('Été')
  expect(shorten('', 0)).toBe('')
})

test.each([
  ['a pair of surrogates', 'ab😀cd', 'ab…'],
  ['a family of emoji', 'ab👩‍👩‍👧cd', 'ab…'],
  ['a flag', 'ab🇫🇷cd', 'ab…'],
  ['a letter and its accents', 'abe\u0301\u0302cd', 'ab…'],
  ['a keycap', 'ab1\uFE0F\u20E3d', 'ab…'],
])('R13: %s is not cut in half', (_, text, expected) => {
  expect(shorten(text, 4)).toBe(expected)
  expect(head(text, 3)).toBe('ab')
})

test('every result is well-formed and within the limit', () => {
  const texts = [
    '👩‍👩‍👧'.repeat(50),
    `a${'\u0301'.repeat(500)}`,
    '😀'.repeat(99),
    'e\u0301'.repeat(99),
    'plain '.repeat(50),
  ]
  for (const text of texts) {
    for (let max = 1; max < 90; max += 1) {
      const short = shorten(text, max)
      expect(short.length).toBeLessThanOrEqual(max)
      expect(short.isWellFormed()).toBe(true)
    }
  }
})

test('a text of one long stack of marks is cut inside the stack', () => {
  expect(shorten(`a${'\u0301'.repeat(500)}`, 150)).toHaveLength(150)
})
