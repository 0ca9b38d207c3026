import { describe, expect, test } from 'vitest'
import { CommandFailure, Interruption } from './failure.ts'
import { terminalLogger } from './terminal-logger.ts'
import { Terminal } from './terminal.ts'

function terminal({
  isTTY = false,
  json = false,
  env = {},
}: {
  isTTY?: boolean
  json?: boolean
  env?: Record<string, string>
} = {}) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY,
    write(text: string) {
      written[name] += text
      return true
    },
  })
  return { written, made: new Terminal({ stdout: stream('stdout'), stderr: stream('stderr'), env, json }) }
}

describe('colours', () => {
  test.each([
    [{ isTTY: true }, true],
    [{ isTTY: false }, false],
    [{ isTTY: true, env: { NO_COLOR: '1' } }, false],
    [{ isTTY: true, env: { NO_COLOR: '1', FORCE_COLOR: '1' } }, false],
    [{ isTTY: true, env: { NO_COLOR: '' } }, true],
    [{ isTTY: true, env: { TERM: 'dumb' } }, false],
    [{ isTTY: true, env: { FORCE_COLOR: '0' } }, false],
    [{ isTTY: false, env: { FORCE_COLOR: '1' } }, true],
  ])('%j', (options, coloured) => {
    expect(terminal(options).made.style('red', 'x')).toBe(coloured ? '\u001b[31mx\u001b[39m' : 'x')
  })
})

test.each([
  ['', ''],
  ['hub', 'debug: connection opened (namespace="hub")\n'],
])('FOCUS_DEBUG=%s writes traces of the library: %j', (setting, line) => {
  const { written, made } = terminal({ env: { FOCUS_DEBUG: setting } })
  terminalLogger(made).debug('connection opened', { namespace: 'hub' })
  expect(written).toEqual({ stdout: '', stderr: line })
})

test('with --json a result is one line on stdout, and the text is not built', () => {
  const { made, written } = terminal({ json: true })
  made.result({ a: 1 }, () => {
    throw new Error('made')
  })
  made.draw('a picture')
  made.note('for people')
  expect(written).toEqual({ stdout: '{"a":1}\n', stderr: 'for people\n' })
})

test('a failure is a document for programs and a sentence for people', () => {
  const { made, written } = terminal({ json: true })
  expect(made.fail(new CommandFailure('port_taken', 'It is taken.', { hint: 'Take another.' }))).toBe(1)
  expect(JSON.parse(written.stdout)).toEqual({
    ok: false,
    error: { code: 'port_taken', message: 'It is taken.', hint: 'Take another.' },
  })
  expect(written.stderr).toBe('focus: It is taken.\n  Take another.\n')
})

test('an interruption prints nothing', () => {
  const { made, written } = terminal({ json: true })
  expect(made.fail(new Interruption('SIGINT'))).toBe(130)
  expect(written).toEqual({ stdout: '', stderr: '' })
})

test('the stack of an unexpected error is shown on request only', () => {
  const error = new TypeError('surprise')
  const quiet = terminal()
  expect(quiet.made.fail(error)).toBe(1)
  expect(quiet.written.stderr).toBe('focus: surprise\n')
  const asked = terminal({ env: { FOCUS_DEBUG: '1' } })
  asked.made.fail(error)
  expect(asked.written.stderr).toContain('terminal.test.ts')
})
