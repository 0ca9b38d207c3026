import { expect, test } from 'vitest'
import { applicationUsers } from '@focus-api/test-kit/focus/application-users'
import { SessionUsers } from '../../../src/auth/sessions/session-users.ts'
import type { UserId } from '../../../src/common/user-id.ts'

const ids = Array.from({ length: 2_500 }, (_, index) => index + 1)

test('A17: a sweep looks up a bounded number of users, those with the oldest look-up first', async () => {
  const directory = applicationUsers(ids)
  let asked: UserId[][] = []
  const getMany = async (wanted: readonly UserId[]) => {
    asked.push([...wanted])
    const users = await Promise.all(wanted.map((id) => directory.get(id)))
    return users.filter((user) => user !== null)
  }
  const gone = new SessionUsers({ directory: { ...directory, getMany }, endSessions: () => Promise.resolve() })
  await Promise.all(ids.map((id) => gone.find(String(id))))
  // A storm of look-ups costs few queries.
  expect(asked.length).toBeLessThan(50)
  asked = []
  await gone.sweep()
  expect(asked.map((chunk) => chunk.length)).toEqual([500, 500, 500, 500])
  expect(asked.flat()).toEqual(ids.slice(0, 2_000))
  asked = []
  await gone.sweep()
  expect(asked.flat()).toEqual([...ids.slice(2_000), ...ids.slice(0, 1_500)])
})

test('A17: a directory without getMany is asked for fifty users at a time', async () => {
  const directory = applicationUsers(ids)
  const asked: UserId[] = []
  const get = async (id: UserId) => {
    asked.push(id)
    return await directory.get(id)
  }
  const gone = new SessionUsers({ directory: { ...directory, get }, endSessions: () => Promise.resolve() })
  for (const id of ids) await gone.find(String(id))
  asked.length = 0
  await gone.sweep()
  expect(asked).toEqual(ids.slice(0, 50))
})

test('A17: a sweep whose look-up fails ends no session', async () => {
  const directory = applicationUsers([1])
  const ended: string[] = []
  const gone = new SessionUsers({
    directory,
    endSessions: (key) => Promise.resolve(ended.push(key)),
  })
  await gone.find('1')
  directory.get = () => Promise.reject(new Error('The database is away.'))
  await expect(gone.sweep()).rejects.toThrow('The database is away.')
  expect(ended).toEqual([])
})
