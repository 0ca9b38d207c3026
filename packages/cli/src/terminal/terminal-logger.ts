import type { Logger } from '@focus-api/core'
import { plainLines } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

const silent = () => undefined

/**
 * Returns a logger that writes warnings and errors to stderr and drops the rest, so that the terminal stays readable. With
 * `FOCUS_DEBUG` it also writes debug lines.
 *
 * @param progress whether the command reports its progress as `info`, which is then written too
 */
export function terminalLogger(terminal: Terminal, { progress = false } = {}): Logger {
  return {
    debug: terminal.debugs
      ? (message, fields) => terminal.note(`debug: ${plainLines(message + describe(fields))}`)
      : silent,
    info: progress ? (message, fields) => terminal.note(plainLines(message + describe(fields))) : silent,
    warn: (message, fields) => terminal.warn(message + describe(fields)),
    error: (message, fields) =>
      terminal.note(`${terminal.styleError('red', 'error:')} ${plainLines(message + describe(fields))}`),
  }
}

function describe(fields: Record<string, unknown> | undefined): string {
  if (fields === undefined || Object.keys(fields).length === 0) return ''
  const parts = Object.entries(fields).map(
    ([name, value]) => `${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`,
  )
  return ` (${parts.join(', ')})`
}
