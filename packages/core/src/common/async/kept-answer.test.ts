import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keptAnswer } from './kept-answer.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

test('V12: an answer is asked for once at a time, and is good for a while', async () => {
  const answers: ((value: number) => void)[] = []
  const ask = vi.fn(() => new Promise<number>((resolve) => answers.push(resolve)))
  const kept = keptAnswer(1_000, ask)
  const first = [kept(), kept()]
  vi.advanceTimersByTime(5_000)
  first.push(kept())
  answers[0]?.(1)
  expect(await Promise.all(first)).toEqual([1, 1, 1])
  vi.advanceTimersByTime(999)
  expect(await kept()).toBe(1)
  vi.advanceTimersByTime(1)
  const second = kept()
  answers[1]?.(2)
  expect(await second).toBe(2)
  expect(ask).toHaveBeenCalledTimes(2)
})

test('V12: so is a refusal', async () => {
  const ask = vi.fn(() => Promise.reject(new Error('away')))
  const kept = keptAnswer(1_000, ask)
  await expect(kept()).rejects.toThrow('away')
  await expect(kept()).rejects.toThrow('away')
  expect(ask).toHaveBeenCalledTimes(1)
})
