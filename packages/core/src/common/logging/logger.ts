/**
 * Where Focus writes what an operator may want to know. pino, winston and `console` fit. No secret is ever passed in, and
 * errors arrive as {@link ErrorFields}.
 */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

const silent = () => undefined

/** Writes nothing: `logger: false`. */
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent }
