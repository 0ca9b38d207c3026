import { expect, test } from 'vitest'
import { isoTimestamp } from './iso-timestamp.ts'

const day = 86_400_000

test('a timestamp is the one of Date, for any time', () => {
  const times = [
    0,
    1,
    59,
    60,
    99,
    100,
    999,
    1_000,
    59_999,
    60_000,
    3_599_999,
    3_600_000,
    day - 1,
    day,
    -1,
    1.5,
    1.8e12 + 0.25,
  ]
  times.push(Date.UTC(2028, 1, 29, 23, 59, 59, 999), Date.UTC(9_999, 11, 31, 23, 59, 59, 999), Date.UTC(10_000, 0, 1))
  for (let at = 0; at < 20_000; at += 1) times.push(1_764_000_000_000 + at * 7_654_321)
  for (const time of [...times, ...times.toReversed()]) expect(isoTimestamp(time)).toBe(new Date(time).toISOString())
  expect(() => isoTimestamp(Number.NaN)).toThrow(RangeError)
  expect(() => isoTimestamp(8.64e15 + 1)).toThrow(RangeError)
})
