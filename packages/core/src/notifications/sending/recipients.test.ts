import { expect, test, vi } from 'vitest'
import { FocusError } from '../../common/errors.ts'
import { type DirectoryUser, Recipients } from './recipients.ts'

test('a change during a lookup is not hidden by the earlier result', async () => {
  let locale = 'fr'
  let changed: (id: number) => void = () => undefined
  let answer: () => void = () => undefined
  const directory = {
    async get(id: number | string): Promise<DirectoryUser> {
      const user = { id, locale }
      await new Promise<void>((resolve) => (answer = resolve))
      return user
    },
    findByUsername: async () => null,
    findByEmail: async () => null,
    onChanged: (listener: (id: number) => void) => (changed = listener),
  }
  const recipients = new Recipients(directory, 'refuse', Date.now)
  const before = recipients.require(7)
  locale = 'en'
  changed(7)
  answer()
  expect((await before).locale).toBe('fr')
  const after = recipients.require(7)
  answer()
  expect((await after).locale).toBe('en')
  // Remembered: the directory is not asked, and its answer not awaited.
  expect((await recipients.require(7)).locale).toBe('en')
})

/** A directory that refuses to look up the user `bad`. */
function refusing(getMany: (ids: readonly (number | string)[]) => Promise<DirectoryUser[]>) {
  const get = vi.fn(async (id: number | string): Promise<DirectoryUser> => {
    if (id === 'bad') throw new Error('not an id')
    return { id, locale: null, createdAt: 5 }
  })
  return { get, getMany, findByUsername: async () => null, findByEmail: async () => null }
}

test('a user that the directory refuses does not hide when the others were created', async () => {
  const directory = refusing(async (ids) => await Promise.all(ids.map((id) => directory.get(id))))
  const { found, failures } = await new Recipients(directory, 'refuse', Date.now).creationTimes(['a', 'bad', 'b'])
  expect([...found]).toEqual([
    ['a', 5],
    ['b', 5],
  ])
  expect(failures).toMatchObject([{ message: 'not an id' }])
})

test('users are not looked up one by one while the database is away', async () => {
  const away = new FocusError('storage_unavailable', 'away')
  const directory = refusing(async () => await Promise.reject(away))
  const { found, failures } = await new Recipients(directory, 'refuse', Date.now).creationTimes(['a', 'b'])
  expect(found.size).toBe(0)
  expect(failures).toEqual([away])
  expect(directory.get).not.toHaveBeenCalled()
})
