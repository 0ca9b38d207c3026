import { expect, test, vi } from 'vitest'
import type { User, UserDirectory } from '../auth/accounts/user-directory-port.ts'
import { FocusError } from '../common/errors.ts'
import { UserChanges } from '../common/users/user-changes.ts'
import type { UserId } from '../common/user-id.ts'
import { recipientDirectory } from './recipient-lookup.ts'

const userOf = (id: UserId) => ({ id, locale: null }) as User

function recipientsOf(getMany: (ids: readonly UserId[]) => Promise<readonly User[]>, limitMs?: number) {
  const get = vi.fn(async (id: UserId) => {
    if (id === 'bad') throw new Error('not an id')
    return userOf(id)
  })
  const directory = { get, getMany } as unknown as UserDirectory
  const users = { directory, changes: new UserChanges(), unknown: 'refuse' as const }
  return { get, recipients: recipientDirectory(users, async () => null, limitMs) }
}

test('a query that hangs fails its own look-ups and not the later ones', async () => {
  const getMany = vi.fn(async (ids: readonly UserId[]): Promise<readonly User[]> => ids.map(userOf))
  getMany.mockReturnValueOnce(new Promise(() => undefined))
  const { recipients, get } = recipientsOf(getMany, 50)
  const hung = recipients.get('a')
  await vi.waitFor(() => expect(getMany).toHaveBeenCalledTimes(1))
  const later = recipients.get('b')
  await expect(hung).rejects.toMatchObject({ code: 'storage_unavailable' })
  expect(await later).toMatchObject({ id: 'b' })
  expect(get).not.toHaveBeenCalled()
})

test.for(['overloaded', 'storage_unavailable', 'closed'] as const)(
  'a query that is refused with %s is not repeated user by user',
  async (code) => {
    const { recipients, get } = recipientsOf(() => Promise.reject(new FocusError(code, 'refused')))
    await expect(recipients.get('a')).rejects.toMatchObject({ code })
    expect(get).not.toHaveBeenCalled()
  },
)

test('an id that the directory refuses fails its own look-up only', async () => {
  const { recipients, get } = recipientsOf(() => Promise.reject(new Error('not an id')))
  const [bad, good] = await Promise.allSettled([recipients.get('bad'), recipients.get('good')])
  expect(bad).toMatchObject({ status: 'rejected', reason: { message: 'not an id' } })
  expect(good).toMatchObject({ status: 'fulfilled', value: { id: 'good' } })
  expect(get).toHaveBeenCalledTimes(2)
})
