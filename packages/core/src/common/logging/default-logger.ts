import { errorFields } from './error-fields.ts'
import { escapeInJson, plainText } from '../text/plain-text.ts'
import type { Logger } from './logger.ts'

const silent = () => undefined

/**
 * The logger of applications that pass none: warnings and errors as one line each on stderr, nothing else. Standard output
 * stays the application's, and a line holds no control characters.
 *
 * @example
 * ```text
 * focus warning: Background task failed: old sessions {"error":{"name":"FocusError","message":"…","code":"storage_unavailable"}}
 * ```
 */
export const defaultLogger: Logger = {
  debug: silent,
  info: silent,
  warn: (message, fields) => write(logLine('warning', message, fields)),
  error: (message, fields) => write(logLine('error', message, fields)),
}

export function logLine(
  level: 'debug' | 'warning' | 'error',
  message: string,
  fields: Record<string, unknown> = {},
): string {
  const json = Object.keys(fields).length === 0 ? '' : ` ${escapeInJson(toJson(fields))}`
  return `focus ${level}: ${plainText(message)}${json}`
}

function write(line: string): void {
  // `console` ignores a closed stderr, and lets a host collect the line.
  // oxlint-disable-next-line no-console
  console.error(line)
}

/** A field without a JSON form must not stop the caller. */
function toJson(fields: Record<string, unknown>): string {
  try {
    return JSON.stringify(fields, (_name, value: unknown) => {
      if (value instanceof Error) return errorFields(value)
      return typeof value === 'bigint' ? String(value) : value
    })
  } catch {
    return JSON.stringify({ fields: Object.keys(fields), unreadable: true })
  }
}
