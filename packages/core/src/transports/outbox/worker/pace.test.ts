import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('lets a burst through and refills evenly', () => {
  let now = 0
  const pace = new Pace({ count: 2, perMs: 1_000 }, () => now)
  expect(pace.available).toBe(2)
  pace.take(2)
  expect([pace.available, pace.waitMs]).toEqual([0, 500])
  now = 500
  expect([pace.available, pace.waitMs]).toEqual([1, 0])
  now = 10_000
  expect(pace.available).toBe(2)
})

test('neither gives nor takes when the clock goes back', () => {
  let now = 10_000
  const pace = new Pace({ count: 1, perMs: 1_000 }, () => now)
  pace.take(1)
  now = 0
  expect(pace.available).toBe(0)
  now = 1_000
  expect(pace.available).toBe(1)
})

test('is no limit where there is none', () => {
  const pace = new Pace(undefined, () => 0)
  pace.take(1_000_000)
  expect([pace.available, pace.waitMs]).toEqual([Infinity, 0])
})
