import { FocusError } from '@focus-api/core'
import { expect, test } from 'vitest'
import { fixOf } from './finding.ts'

test('a missing package is fixed by its installation, not by another password', () => {
  const missing = new FocusError('missing_dependency', 'DATABASE_URL needs the package mysql2', {
    hint: 'Run `npm install mysql2`.',
  })
  expect(fixOf(missing, 'Check the password.')).toBe('Run `npm install mysql2`.')
  expect(fixOf(new Error('ECONNREFUSED'), 'Check the password.')).toBe('Check the password.')
})
