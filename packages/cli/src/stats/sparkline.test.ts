import { expect, test } from 'vitest'
import { sparkline } from './sparkline.ts'

test.each([
  [[], '    '],
  [[0, 0], '  ▁▁'],
  [[0, 7, 3.5, null], '▁█▅ '],
  [[100, 1, 2, 3, 4], '▃▅▆█'],
])('%j', (values, expected) => {
  expect(sparkline(values, 4)).toBe(expected)
})
