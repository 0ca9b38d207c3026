import { expect, test } from 'vitest'
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
