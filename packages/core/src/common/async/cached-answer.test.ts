import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cachedAnswer } from './cached-answer.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('V12: an answer is computed once at a time and cached for a while', async () => {
  const answers: ((value: number) => void)[] = []
  const ask = vi.fn(() => new Promise<number>((resolve) => answers.push(resolve)))
  const cached = cachedAnswer(1_000, ask)
  const first = [cached(), cached()]
  vi.advanceTimersByTime(5_000)
  first.push(cached())
  answers[0]?.(1)
  expect(await Promise.all(first)).toEqual([1, 1, 1])
  vi.advanceTimersByTime(999)
  expect(await cached()).toBe(1)
  vi.advanceTimersByTime(1)
  const second = cached()
  answers[1]?.(2)
  expect(await second).toBe(2)
  expect(ask).toHaveBeenCalledTimes(2)
})

test('V12: an error is cached too', async () => {
  const ask = vi.fn(() => Promise.reject(new Error('away')))
  const cached = cachedAnswer(1_000, ask)
  await expect(cached()).rejects.toThrow('away')
  await expect(cached()).rejects.toThrow('away')
  expect(ask).toHaveBeenCalledTimes(1)
})
