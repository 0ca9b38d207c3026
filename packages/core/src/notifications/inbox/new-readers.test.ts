import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { silentLogger } from '../../common/logging/logger.ts'
import type { FirstSight } from './inbox-port.ts'
import { NewReaders } from './new-readers.ts'

const debug = vi.fn()
const firstSight = vi.fn(async (_users: readonly FirstSight[]) => undefined)
let readers: NewReaders

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  debug.mockClear()
  firstSight.mockReset()
  readers = new NewReaders({ firstSight }, { ...silentLogger, debug })
})

afterEach(async () => {
  await readers.close()
  vi.useRealTimers()
})

test('a user who is read again and again is recorded after a second', async () => {
  for (let read = 0; read < 4; read += 1) {
    readers.recordLater('u', 7)
    await vi.advanceTimersByTimeAsync(300)
  }
  expect(firstSight.mock.calls).toEqual([[[{ userKey: 'u', since: 7 }]]])
  expect(readers.waitingSince('u')).toBeUndefined()
})

test('users are recorded within ten seconds while others arrive', async () => {
  for (let user = 0; user < 20; user += 1) {
    readers.recordLater(`u${user}`, 7)
    expect(firstSight).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(500)
  }
  expect(firstSight).toHaveBeenCalledTimes(1)
  expect(firstSight.mock.calls[0]?.[0]).toHaveLength(20)
})

test('a failure is traced, and the user can wait again', async () => {
  const error = new Error('the database is away')
  firstSight.mockRejectedValueOnce(error)
  readers.recordLater('u', 7)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(debug.mock.calls).toEqual([[expect.any(String), { users: 1, error }]])
  expect(readers.waitingSince('u')).toBeUndefined()
  readers.recordLater('u', 7)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(firstSight).toHaveBeenCalledTimes(2)
})
