import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { FocusError } from './errors.ts'

describe('an uncaught FocusError', () => {
  test('has the hint right under the message, then where it was thrown', () => {
    const error = new FocusError('invalid_option', 'secret is missing.', { hint: 'Set FOCUS_SECRET.' })
    const [first, second, third] = inspect(error).split('\n')
    expect(first).toBe('FocusError [invalid_option]: secret is missing.')
    expect(second).toBe('  Hint: Set FOCUS_SECRET.')
    expect(third).toMatch(/^ {4}at .*errors\.test\.ts/)
  })

  test('says so too when it ends the process', () => {
    const program = `import { FocusError } from ${JSON.stringify(new URL('errors.ts', import.meta.url).href)}
      throw new FocusError('invalid_option', 'secret is missing.', { hint: 'Set FOCUS_SECRET.' })`
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
    expect(stderr).toMatch(/^FocusError: secret is missing\.\n {2}Hint: Set FOCUS_SECRET\.\n {4}at /m)
    expect(stderr).not.toContain('undefined')
  })

  test('shows what was behind it, and nothing that is not there', () => {
    const error = new FocusError('storage_unavailable', 'The database\nis away.', { cause: new TypeError('refused') })
    const text = inspect(error)
    expect(text).toMatch(/^FocusError \[storage_unavailable\]: The database\nis away\.\n {4}at /)
    expect(text).toContain('[cause]: TypeError: refused')
    expect(text).not.toMatch(/undefined|Hint|retryAfterSeconds/)
  })
})

test('a FocusError has no property for what it does not know', () => {
  expect(Object.keys(new FocusError('closed', 'Gone.'))).toEqual(['name', 'code', 'status', 'title'])
  expect(new FocusError('rate_limited', 'Slowly.', { hint: 'Wait.', retryAfterSeconds: 3 })).toMatchObject({
    message: 'Slowly.',
    hint: 'Wait.',
    retryAfterSeconds: 3,
  })
})
