import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('a bucket gives its capacity at once and refills evenly', () => {
  const bucket = new TokenBucket(3, 3_000, 0)
  expect([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(0)]).toEqual([true, true, true, false])
  expect(bucket.waitMs(0)).toBe(1_000)
  expect(bucket.take(999)).toBe(false)
  expect(bucket.take(1_000)).toBe(true)
  expect(bucket.take(1_000)).toBe(false)
})

test('a bucket never holds more than its capacity', () => {
  const bucket = new TokenBucket(2, 1_000, 0)
  expect(bucket.take(1_000_000)).toBe(true)
  expect(bucket.take(1_000_000)).toBe(true)
  expect(bucket.take(1_000_000)).toBe(false)
  expect(bucket.full(1_000_999)).toBe(false)
  expect(bucket.full(1_001_001)).toBe(true)
})
