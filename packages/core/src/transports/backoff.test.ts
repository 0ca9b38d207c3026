import { expect, it } from 'vitest'
import { defaultRetryPolicy, retryDelayMs } from './backoff.ts'

const always = (byte: number) => (size: number) => new Uint8Array(size).fill(byte)

it('doubles the longest wait up to its limit', () => {
  const longest = (attempt: number) => retryDelayMs(defaultRetryPolicy, attempt, null, always(255))
  expect([1, 2, 3, 4].map(longest)).toEqual([1_000, 2_000, 4_000, 8_000])
  expect(longest(13)).toBe(3_600_000)
  expect(longest(1_000)).toBe(3_600_000)
})

it('takes any part of it, but never none', () => {
  expect(retryDelayMs(defaultRetryPolicy, 5, null, always(128))).toBeCloseTo(8_032, -2)
  expect(retryDelayMs(defaultRetryPolicy, 5, null, always(0))).toBe(1)
})

it('never comes back before the peer asked, and not much later', () => {
  expect(retryDelayMs(defaultRetryPolicy, 1, 30_000, always(0))).toBeGreaterThanOrEqual(30_000)
  expect(retryDelayMs(defaultRetryPolicy, 1, 30_000, always(255))).toBeLessThanOrEqual(31_000)
})

it('waits no longer than a day, whatever the peer asks', () => {
  expect(retryDelayMs(defaultRetryPolicy, 1, 1e12, always(0))).toBeLessThanOrEqual(86_401_000)
  expect(retryDelayMs(defaultRetryPolicy, 1, -5, always(0))).toBeGreaterThanOrEqual(0)
})
