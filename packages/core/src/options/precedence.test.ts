import { expect, test } from 'vitest'
import { withoutEnvironment } from './precedence.ts'

test('leaves out what the environment sets, also inside of groups, and touches nothing else', () => {
  const options = { database: 'sqlite:a.db', google: { clientId: 'a', clientSecret: 'b' }, locale: 'en' } as const
  const environment = { DATABASE_URL: 'sqlite:b.db', GOOGLE_CLIENT_ID: 'c', FOCUS_LOCALE: ' ' }
  expect(withoutEnvironment(options, environment)).toEqual({ google: { clientSecret: 'b' }, locale: 'en' })
  expect(options.google.clientId).toBe('a')
  expect(withoutEnvironment(options, {})).toBe(options)
})
