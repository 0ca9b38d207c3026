import { expect, test } from 'vitest'
import { withoutEnvironment } from './precedence.ts'

test('leaves out the options that the environment sets, inside groups too, and changes no other', () => {
  const options = { database: 'sqlite:a.db', google: { clientId: 'a', clientSecret: 'b' }, locale: 'en' } as const
  const environment = { DATABASE_URL: 'sqlite:b.db', GOOGLE_CLIENT_ID: 'c', FOCUS_LOCALE: ' ' }
  expect(withoutEnvironment(options, environment)).toEqual({ google: { clientSecret: 'b' }, locale: 'en' })
  expect(options.google.clientId).toBe('a')
  expect(withoutEnvironment(options, {})).toBe(options)
})
