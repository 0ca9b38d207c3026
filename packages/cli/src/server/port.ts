import { CommandFailure, usageFailure } from '../terminal/failure.ts'

const DEFAULT_PORT = 8000

/**
 * Returns the port to listen on: `--port`, otherwise `PORT`, otherwise the configured one, otherwise 8000.
 *
 * @throws CommandFailure `usage` or `invalid_option`
 */
export function readPort(flag: string | undefined, variable: string | undefined, configured?: number): number {
  const text = flag ?? (variable?.trim() || undefined)
  if (text === undefined) return configured ?? DEFAULT_PORT
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65_535) return port
  const expected = 'expected a whole number from 0 to 65535 (0 means any free port)'
  if (flag !== undefined) throw usageFailure(`--port: ${expected}, got ${JSON.stringify(flag)}.`)
  throw new CommandFailure('invalid_option', `PORT: ${expected}, got ${JSON.stringify(text)}.`)
}
