import type { Logger } from '../common/logging/logger.ts'

/** One line of a `RecordingLogger`. */
export interface LogLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger that keeps its lines. */
export interface RecordingLogger extends Logger {
  /** All lines so far, of all levels, the oldest first. */
  readonly lines: readonly LogLine[]
}

/**
 * Makes a logger for `createFocus({ logger })` that writes nothing and keeps every line.
 *
 * @example
 * ```ts
 * const logger = recordingLogger()
 * const focus = await createFocus({ database: 'sqlite::memory:', logger })
 * await focus.close()
 * assert.deepEqual(logger.lines.filter(({ level }) => level === 'error'), [])
 * ```
 */
export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = []
  const at =
    (level: keyof Logger) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, message, fields })
    }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
