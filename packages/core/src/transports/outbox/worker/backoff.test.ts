import { expect, test } from 'vitest'
import { defaultRetryPolicy, retryDelayMs } from './backoff.ts'

const always = (byte: number) => (size: number) => new Uint8Array(size).fill(byte)

test('doubles the longest wait up to its limit', () => {
  const longest = (attempt: number) => retryDelayMs(defaultRetryPolicy, attempt, null, always(255))
  expect([1, 2, 3, 4].map(longest)).toEqual([1_000, 2_000, 4_000, 8_000])
  expect(longest(13)).toBe(3_600_000)
  expect(longest(1_000)).toBe(3_600_000)
})

test('takes any part of it, but never none', () => {
  expect(retryDelayMs(defaultRetryPolicy, 5, null, always(128))).toBeCloseTo(8_032, -2)
  expect(retryDelayMs(defaultRetryPolicy, 5, null, always(0))).toBe(1)
})

test('never comes back before the peer asked, and not much later', () => {
  expect(retryDelayMs(defaultRetryPolicy, 1, 30_000, always(0))).toBeGreaterThanOrEqual(30_000)
  expect(retryDelayMs(defaultRetryPolicy, 1, 30_000, always(255))).toBeLessThanOrEqual(31_000)
})

test.each([1e12, Infinity])('S40 V5: waits no longer than a day, also when a peer asks for %d ms', (asked) => {
  expect(retryDelayMs(defaultRetryPolicy, 1, asked, always(0))).toBe(86_400_001)
  expect(retryDelayMs(defaultRetryPolicy, 1, asked, always(255))).toBeLessThanOrEqual(86_401_000)
})

test.each([0, -5, Number.NaN])('R9: a peer that asks for %d ms gets the backoff', (asked) => {
  const longest = (attempt: number) => retryDelayMs(defaultRetryPolicy, attempt, asked, always(255))
  expect([1, 5, 20].map(longest)).toEqual([1_000, 16_000, 3_600_000])
})
