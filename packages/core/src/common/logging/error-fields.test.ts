import { expect, test } from 'vitest'
import { errorFields } from './error-fields.ts'
import { FocusError } from '../errors.ts'

test.each<[string, unknown, object]>([
  ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
  ['an error with a code', new FocusError('closed', 'gone'), { name: 'FocusError', message: 'gone', code: 'closed' }],
  ['its further properties', Object.assign(new Error('no'), { password: 'p' }), { name: 'Error', message: 'no' }],
  ['its cause', new Error('no', { cause: 'password p' }), { name: 'Error', message: 'no' }],
  ['a thrown text', 'text', { name: 'string', message: 'text' }],
])('%s, as JSON', (_, error, fields) => {
  expect(JSON.parse(JSON.stringify(errorFields(error)))).toEqual(fields)
})
