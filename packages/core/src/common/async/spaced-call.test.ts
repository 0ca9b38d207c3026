import { afterEach, expect, test, vi } from 'vitest'
import { SpacedCall } from './spaced-call.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('the first request is called at once, those within the interval share one call at its end', () => {
  vi.useFakeTimers()
  let calls = 0
  const spaced = new SpacedCall(1_000, () => (calls += 1))
  spaced.request()
  expect(calls).toBe(1)
  for (let requests = 0; requests < 3; requests += 1) {
    vi.advanceTimersByTime(300)
    spaced.request()
  }
  expect(calls).toBe(1)
  vi.advanceTimersByTime(200)
  expect(calls).toBe(2)
  spaced.request()
  spaced.stop()
  vi.advanceTimersByTime(5_000)
  expect(calls).toBe(2)
})
