import type { Logger } from '@focus-api/core'
import { destination, pino } from 'pino'
import { escapeInJson } from '../../terminal/plain-text.ts'

/** What Focus logs, as one JSON line each on stderr, for a log collector or a terminal, which may not obey any of it. */
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
