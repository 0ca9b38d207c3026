import { afterEach, expect, test, vi } from 'vitest'
import { debugSource } from './debug.ts'
import { silentLogger } from './logger.ts'

afterEach(() => void vi.restoreAllMocks())

test('traces only the namespaces that FOCUS_DEBUG names', () => {
  const debug = vi.fn()
  const source = debugSource('hub, commit', { ...silentLogger, debug })
  source('hub')('connection opened', { connection: 'c1' })
  source('tokens')('token issued')
  expect(source('commit').enabled).toBe(true)
  expect(source('tokens').enabled).toBe(false)
  expect(debug.mock.calls).toEqual([['connection opened', { namespace: 'hub', connection: 'c1' }]])
})

test('`*` traces everything', () => {
  expect(debugSource('*', silentLogger)('outbox').enabled).toBe(true)
})

test.each([undefined, '', '1'])('FOCUS_DEBUG=%s traces nothing', (setting) => {
  expect(debugSource(setting, silentLogger)('hub').enabled).toBe(false)
})

test('without a logger, traces are one line each on stderr', () => {
  const write = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  debugSource('hub', null)('hub')('drained', { connections: 2 })
  expect(write.mock.calls).toEqual([['focus debug: drained {"namespace":"hub","connections":2}']])
})
