import { expect, test } from 'vitest'
import { arrayLiteral } from './array-literal.ts'

test.each([
  [[], '{}'],
  [['a', 'NULL', '', ' {b}, c'], '{"a","NULL",""," {b}, c"}'],
  [[1, -2, null], '{1,-2,null}'],
  [['"', '\\', 'é €'], '{"\\"","\\\\","é €"}'],
])('writes %j', (values, literal) => {
  expect(arrayLiteral(values)).toBe(literal)
})

test.each([
  ['a control character', ['a\nb']],
  ['a control character after a backslash', ['\\\n']],
  ['a backslash that looks like one', ['\\n']],
  ['a lone surrogate', ['\ud800']],
  ['a number that JSON does not have', [Number.NaN]],
  ['another type', [new Date(0)]],
  ['an inner array', [['a']]],
  ['an absent value', [undefined]],
])('leaves %s to the driver', (_, values) => {
  expect(arrayLiteral(values)).toBeNull()
})
