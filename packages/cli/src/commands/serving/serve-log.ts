import type { Logger } from '@focus-api/core'
import { destination, pino } from 'pino'
import { escapeInJson } from '../../terminal/plain-text.ts'

/**
 * Returns a logger that writes one line of JSON per entry to stderr, without characters that control a terminal.
 *
 * @param debug whether entries of the level `debug` are written, such as the traces of `FOCUS_DEBUG`
 * @param worker the number of this worker process, which every entry then contains
 */
export function productionLogger({
  debug = false,
  worker,
}: {
  readonly debug?: boolean
  readonly worker?: number | undefined
} = {}): Logger {
  const log = pino(
    {
      level: debug ? 'debug' : 'info',
      base: worker === undefined ? null : { worker },
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
