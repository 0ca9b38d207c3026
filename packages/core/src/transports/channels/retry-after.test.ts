import { expect, test } from 'vitest'
import { parseRetryAfter } from './retry-after.ts'

const now = Date.UTC(2030, 0, 1)

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Tue, 01 Jan 2030 00:01:00 GMT', 60_000],
  ['Mon, 31 Dec 2029 23:59:00 GMT', 0],
])('reads %j', (value, ms) => expect(parseRetryAfter(value, now)).toBe(ms))

test.each([undefined, '', 'soon', '-5', '1.5', '2030-01-01', 'Tuesday'])('makes nothing of %j', (value) =>
  expect(parseRetryAfter(value, now)).toBeNull(),
)

test.each(['86401', '9999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
  'S40 V5: a peer that asks for %s gets a day',
  (value) => expect(parseRetryAfter(value, now)).toBe(86_400_000),
)
