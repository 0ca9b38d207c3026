import { logLine } from './default-logger.ts'
import type { Logger } from './logger.ts'

/** Parts of the library that trace their work when `FOCUS_DEBUG` names them. */
export const debugNamespaces = ['sign-in', 'tokens', 'commit', 'outbox', 'hub', 'broker', 'http', 'storage'] as const
export type DebugNamespace = (typeof debugNamespaces)[number]

/** Traces one part of the library. Build costly fields only while `enabled` is true. */
export interface Debug {
  readonly enabled: boolean
  (message: string, fields?: Record<string, unknown>): void
}

/** Gives each part of the library its trace. */
export type DebugSource = (namespace: DebugNamespace) => Debug

/**
 * Reads `FOCUS_DEBUG`, a list of namespaces such as `hub,commit`, or `*` for all. Traces go to the `debug` level of the
 * application's logger with the field `namespace`; without one, to stderr as one line each.
 *
 * @param logger null when the application passed none
 *
 * @example
 * ```text
 * FOCUS_DEBUG=hub,commit node server.js
 * focus debug: connection opened {"namespace":"hub","connection":"9f2c…","transport":"websocket"}
 * ```
 */
export function debugSource(setting: string | undefined, logger: Logger | null): DebugSource {
  const names = new Set((setting ?? '').split(/[\s,]+/))
  const write =
    logger === null
      ? (message: string, fields: Record<string, unknown>) => writeLine(logLine('debug', message, fields))
      : (message: string, fields: Record<string, unknown>) => logger.debug(message, fields)
  return (namespace) => {
    const enabled = names.has('*') || names.has(namespace)
    const trace = enabled
      ? (message: string, fields: Record<string, unknown> = {}) => write(message, { namespace, ...fields })
      : () => undefined
    return Object.assign(trace, { enabled })
  }
}

function writeLine(line: string): void {
  // oxlint-disable-next-line no-console
  console.error(line)
}
