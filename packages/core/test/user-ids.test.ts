import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFocus, type Focus } from '../src/index.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

let focus: Focus
const profile = (subject: string, fullName: string) => profileOf(subject, { fullName })

beforeAll(async () => {
  focus = await createFocus({ database: 'sqlite::memory:', env: {} })
  const { user } = await focus.auth.accounts.signIn(profile('1', 'Alice'))
  expect(user.id).toBe(1)
})
afterAll(() => focus.close())

test.each(['01', '1.0', '1e0', '0x1', '+1', '-1', '１', ' 1', '1 '])(
  '%j is not another way to write user 1',
  async (alias) => {
    await expect(focus.notifications.notifyUser({ userId: alias, title: 't', message: 'm' })).rejects.toMatchObject({
      code: 'unknown_user',
    })
    // Spaces around the input of an operator are removed.
    if (alias.trim() === alias) await expect(focus.auth.users.resolve(alias)).resolves.toBeNull()
  },
)

test.each(['0x1', '1e0', '42'])('no user gets the username %s, which reads as an id', async (name) => {
  const { user } = await focus.auth.accounts.signIn(profile(name, name))
  expect(user.username).toMatch(/^user/)
})
