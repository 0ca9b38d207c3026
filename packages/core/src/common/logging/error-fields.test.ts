import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { errorFields } from './error-fields.ts'
import { FocusError } from '../errors.ts'

test.each<[string, unknown, object]>([
  ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
  ['an error with a code', new FocusError('closed', 'gone'), { name: 'FocusError', message: 'gone', code: 'closed' }],
  ['its further properties', Object.assign(new Error('no'), { password: 'p' }), { name: 'Error', message: 'no' }],
  ['its cause', new Error('no', { cause: 'password p' }), { name: 'Error', message: 'no' }],
  [
    'an error of another realm',
    runInNewContext("Object.assign(new TypeError('no'), { code: 'E', password: 'p' })"),
    { name: 'TypeError', message: 'no', code: 'E' },
  ],
  ['a thrown object', { request: { authorization: 'p' } }, { name: 'object', message: '[object Object]' }],
  ['a thrown object without a prototype', Object.create(null), { name: 'object', message: '[object Object]' }],
  ['fields that are reduced already', { name: 'E', message: 'm', code: 'c' }, { name: 'E', message: 'm', code: 'c' }],
  ['a thrown text', 'text', { name: 'string', message: 'text' }],
])('%s, as JSON', (_, error, fields) => {
  expect(JSON.parse(JSON.stringify(errorFields(error)))).toEqual(fields)
})
