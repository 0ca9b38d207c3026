import { expect, it } from 'vitest'
import { parseRetryAfter } from './retry-after.ts'

const now = Date.UTC(2030, 0, 1)

it.each([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
  ['Mon, 31 Dec 2029 23:59:00 GMT', 0],
])('reads %j', (value, ms) => expect(parseRetryAfter(value, now)).toBe(ms))

it.each([undefined, '', 'soon', '-5', '1.5', '99999999999', '2030-01-01', 'Tuesday'])('makes nothing of %j', (value) =>
  expect(parseRetryAfter(value, now)).toBeNull(),
)
