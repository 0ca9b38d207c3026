import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { expression, lines, paragraphs, shellWord, text, yamlScalar } from './text.ts'

describe('text', () => {
  test('removes the common indentation', () => {
    expect(text`
      a:
        b: 1
    `).toBe('a:\n  b: 1')
  })

  test('indents a block to its column', () => {
    const block = 'x: 1\ny:\n  z: 2'
    expect(text`
      a:
        ${block}
      b: 3
    `).toBe('a:\n  x: 1\n  y:\n    z: 2\nb: 3')
  })

  test('leaves no gap for an empty optional block', () => {
    expect(text`
      a: 1
      ${''}
      b: 2
    `).toBe('a: 1\nb: 2')
  })

  test('keeps a line that holds more than the empty block', () => {
    expect(text`
      run: x ${''}
      b: 2
    `).toBe('run: x\nb: 2')
  })

  test('keeps intended empty lines', () => {
    expect(text`
      a: 1

      b: 2
    `).toBe('a: 1\n\nb: 2')
    expect(paragraphs('a', '', 'b')).toBe('a\n\nb')
    expect(lines('a', '', 'b')).toBe('a\nb')
  })
})

test('writes an expression of GitHub Actions', () => {
  expect(expression('github.ref')).toBe('${{ github.ref }}')
})

test.each([
  'main',
  'a b',
  'true',
  'No',
  '1',
  '1.5',
  '',
  ' a',
  'a:',
  'a: b',
  'a #b',
  '- a',
  '@a',
  "it's",
  '"',
  'a\nb',
  '${{ x }}',
  '8000:8000',
  '*',
  'ünïcode',
])('yamlScalar writes %j so that it is read back', (value) => {
  expect(parse(`key: ${yamlScalar(value)}`)).toEqual({ key: value })
})

test.each([
  ['plain', 'plain'],
  ['a/b.txt', 'a/b.txt'],
  ['a b', "'a b'"],
  ["it's", "'it'\\''s'"],
  ['$(id)', "'$(id)'"],
  ['', "''"],
])('shellWord writes %j as %s', (value, word) => {
  expect(shellWord(value)).toBe(word)
})
