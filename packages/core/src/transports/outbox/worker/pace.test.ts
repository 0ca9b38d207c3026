import { expect, test } from 'vitest'
import { manualClock } from '@focus-api/core/testing'
import { Pace } from './pace.ts'

test('lets a burst through and refills evenly', () => {
  const clock = manualClock(0)
  const pace = new Pace({ count: 2, perMs: 1_000 }, clock)
  expect(pace.available).toBe(2)
  pace.take(2)
  expect([pace.available, pace.waitMs]).toEqual([0, 500])
  clock.advance(500)
  expect([pace.available, pace.waitMs]).toEqual([1, 0])
  clock.advance(9_500)
  expect(pace.available).toBe(2)
})

test('neither gives nor takes when the clock goes back', () => {
  const clock = manualClock(10_000)
  const pace = new Pace({ count: 1, perMs: 1_000 }, clock)
  pace.take(1)
  clock.advance(-10_000)
  expect(pace.available).toBe(0)
  clock.advance(1_000)
  expect(pace.available).toBe(1)
})

test('is no limit where there is none', () => {
  const pace = new Pace(undefined, () => 0)
  pace.take(1_000_000)
  expect([pace.available, pace.waitMs]).toEqual([Infinity, 0])
})
