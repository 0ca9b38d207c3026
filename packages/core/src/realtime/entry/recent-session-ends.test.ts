import { expect, test } from 'vitest'
import { RecentSessionEnds } from './recent-session-ends.ts'

const end = (sessionId: string | null) => ({ userKey: '1', sessionId, reason: 'logout' as const })

test('an end covers the connections of its session that were opened before it', () => {
  const ends = new RecentSessionEnds()
  ends.add(end('a'), 100)
  expect(ends.covers('1', 'a', 100)).toBe(true)
  expect(ends.covers('1', 'a', 101)).toBe(false)
  expect(ends.covers('1', 'b', 50)).toBe(false)
  expect(ends.covers('2', 'a', 50)).toBe(false)
  ends.add(end(null), 200)
  expect(ends.covers('1', 'b', 150)).toBe(true)
})

test('old ends are removed also while no sweep runs', () => {
  const ends = new RecentSessionEnds()
  for (let n = 0; n < 10_000; n += 1) ends.add(end(String(n)), n * 1_000)
  expect(ends.size).toBeLessThanOrEqual(1_000)
  expect(ends.covers('1', '9999', 0)).toBe(true)
})
