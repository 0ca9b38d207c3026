import { expect, test } from 'vitest'
import { FocusError } from '../errors.ts'
import type { Logger } from './logger.ts'
import { runtimeLogger } from './runtime-logger.ts'

function recorded(): { readonly logger: Logger; readonly lines: unknown[][] } {
  const lines: unknown[][] = []
  const note = (...line: unknown[]) => void lines.push(line)
  return { lines, logger: runtimeLogger({ debug: note, info: note, warn: note, error: note }) }
}

test('errors among the fields are reduced to name, message and code', () => {
  const { logger, lines } = recorded()
  const failure = Object.assign(new FocusError('closed', 'gone'), { connection: { password: 'p' } })
  logger.warn('m', { error: failure, cause: new TypeError('no'), count: 1 })
  expect(lines).toEqual([
    [
      'm',
      {
        error: { name: 'FocusError', message: 'gone', code: 'closed' },
        cause: { name: 'TypeError', message: 'no' },
        count: 1,
      },
    ],
  ])
})

test('a thrown value that is not an Error is reduced too', () => {
  const { logger, lines } = recorded()
  logger.error('m', { error: 'text' })
  logger.error('m', { error: undefined })
  logger.error('m', { error: { headers: { authorization: 'secret' } } })
  expect(lines).toEqual([
    ['m', { error: { name: 'string', message: 'text' } }],
    ['m', { error: { name: 'undefined', message: 'undefined' } }],
    ['m', { error: { name: 'object', message: '[object Object]' } }],
  ])
})

test('a message without fields stays one argument', () => {
  const { logger, lines } = recorded()
  logger.info('m')
  expect(lines).toEqual([['m']])
})

test('a host logger that throws does not stop the caller', () => {
  const fail = () => {
    throw new Error('disk full')
  }
  const logger = runtimeLogger({ debug: fail, info: fail, warn: fail, error: fail })
  expect(() => logger.error('m', { error: new Error('no') })).not.toThrow()
})
