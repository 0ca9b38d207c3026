import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { CommandFailure } from '../terminal/failure.ts'
import { assertSharedDatabase, readWorkerCount } from './worker-count.ts'

test.each([
  [undefined, undefined, 1],
  [undefined, ' ', 1],
  [undefined, ' 3 ', 3],
  ['2', '3', 2],
  ['128', undefined, 128],
  ['auto', undefined, availableParallelism()],
])('--workers %s with FOCUS_WORKERS=%s means %i', (flag, variable, count) => {
  expect(readWorkerCount(flag, variable)).toBe(count)
})

test.each(['0', '129', '-1', '1.5', 'all', ''])('rejects %j', (text) => {
  expect(() => readWorkerCount(text, undefined)).toThrow(/^--workers: expected a whole number from 1 to 128 or auto/)
  if (text === '') return
  expect(() => readWorkerCount(undefined, text)).toThrow(/^FOCUS_WORKERS: expected a whole number/)
})

test.each(['sqlite::memory:', 'sqlite://:memory:'])('%s cannot be shared', (url) => {
  expect(() => assertSharedDatabase(url, 2)).toThrow(CommandFailure)
  expect(() => assertSharedDatabase('sqlite:memory.db', 2)).not.toThrow()
})
