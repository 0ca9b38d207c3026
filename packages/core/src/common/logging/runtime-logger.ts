import { errorFields } from './error-fields.ts'
import type { Logger } from './logger.ts'

/**
 * The logger that every room receives. Rooms pass errors as they caught them; each `Error` among the fields is reduced
 * here to its name, message and code (S28). A host's logger that throws does not stop the work that reported to it.
 *
 * @example
 * ```ts
 * runtime.logger.warn('Background task failed', { task, error })
 * ```
 */
export function runtimeLogger(target: Logger): Logger {
  const at = (level: keyof Logger) => (message: string, fields?: Record<string, unknown>) => {
    try {
      target[level](message, ...(fields === undefined ? [] : [withErrorFields(fields)]))
    } catch {
      // There is no other place to report to.
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function withErrorFields(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields)
  if (!entries.some(([name, value]) => isError(name, value))) return fields
  return Object.fromEntries(entries.map(([name, value]) => [name, isError(name, value) ? errorFields(value) : value]))
}

/** Anything can be thrown, so the field `error` is reduced whatever it holds. */
function isError(name: string, value: unknown): boolean {
  return value instanceof Error || name === 'error'
}
