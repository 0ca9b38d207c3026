import { expect, test } from 'vitest'
import { FocusError } from '../../common/errors.ts'
import { classifyMysqlError } from './mysql/classify.ts'
import { classifySqliteError } from './sqlite/classify.ts'
import { DuplicateKeyError, StorageError, translateError } from './storage-error.ts'

const coded = (code: string, fields = {}) => Object.assign(new Error(`${code} at 10.0.0.7`), { code, ...fields })

test.each([
  ['ECONNREFUSED', 'connection', classifyMysqlError],
  ['PROTOCOL_CONNECTION_LOST', 'connection', classifyMysqlError],
  ['ECONNREFUSED', 'connection', classifySqliteError],
  ['SQLITE_FULL', 'unwritable', classifySqliteError],
  ['SQLITE_BUSY', 'contention', classifySqliteError],
  ['SQLITE_READONLY', 'unwritable', classifySqliteError],
] as const)('%s of a driver is storage_unavailable (%s), without the driver’s text', (code, failure, classify) => {
  const cause = coded(code)
  const error = translateError(cause, classify)
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({ code: 'storage_unavailable', status: 503, retryAfterSeconds: 5, failure, cause })
  expect(String(error)).toContain(code)
  expect(String(error)).not.toContain('10.0.0.7')
})

test.each([
  [1205, 'contention'],
  [1213, 'contention'],
  [1020, 'contention'],
  [1040, 'connection'],
  [1290, 'connection'],
  [1021, 'unwritable'],
  [1114, 'unwritable'],
] as const)('error %i of MySQL means %s', (errno, failure) => {
  expect(translateError(coded('ER_TEST', { errno }), classifyMysqlError)).toMatchObject({ failure })
})

test.each([
  [coded('ER_DUP_ENTRY', { errno: 1062 }), classifyMysqlError],
  [coded('SQLITE_CONSTRAINT_UNIQUE'), classifySqliteError],
  [coded('SQLITE_CONSTRAINT_PRIMARYKEY'), classifySqliteError],
] as const)('a unique key that is taken keeps the driver’s code: %s', (cause, classify) => {
  const error = translateError(cause, classify)
  expect(error).toBeInstanceOf(DuplicateKeyError)
  expect(error).toMatchObject({ code: cause.code, message: cause.message, cause })
})

test('errors of a statement and errors of Focus pass unchanged', () => {
  const statement = coded('ER_PARSE_ERROR', { errno: 1064 })
  expect(translateError(statement, classifyMysqlError)).toBe(statement)
  const refusal = new FocusError('unknown_user', 'There is no such user.')
  expect(translateError(refusal, classifyMysqlError)).toBe(refusal)
})

test.each(['driver has already been destroyed', 'Pool is closed.', 'Cannot use a pool after calling end on the pool'])(
  '%s: the database is closed',
  (message) => {
    const error = new Error(message)
    expect(translateError(error, classifySqliteError)).toMatchObject({ code: 'closed', cause: error })
  },
)
