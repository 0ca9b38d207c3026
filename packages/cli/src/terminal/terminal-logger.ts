import type { Logger } from '@focus-api/core'
import { plainLines } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

const silent = () => undefined

/** What Focus logs, as lines on stderr: warnings and errors always, the rest never, so that the terminal stays readable. */
export function terminalLogger(terminal: Terminal): Logger {
  return {
    debug: silent,
    info: silent,
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
