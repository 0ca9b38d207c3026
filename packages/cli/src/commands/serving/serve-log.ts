import type { Logger } from '@focus-api/core'
import { destination, pino } from 'pino'
import { escapeInJson } from '../../terminal/plain-text.ts'

/** Returns a logger that writes one line of JSON per entry to stderr, without characters that control a terminal. */
export function productionLogger(): Logger {
  const log = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: { streamWrite: (line) => `${escapeInJson(line.trimEnd())}\n` },
    },
    destination({ fd: 2, sync: true }),
  )
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
  }
}
