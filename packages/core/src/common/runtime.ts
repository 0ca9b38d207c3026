import { randomBytes } from 'node:crypto'
import { defaultLogger } from './logging/default-logger.ts'

/** Milliseconds since 1970, UTC. Passed in everywhere, so that tests freeze it. */
export type Clock = () => number

/** `size` unpredictable bytes. */
export type RandomSource = (size: number) => Uint8Array

/** Where Focus writes what an operator may want to know. pino, winston and `console` fit. No secret is ever passed in. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** What every room takes from outside: time, chance, logs and the network. */
export interface Runtime {
  readonly clock: Clock
  readonly random: RandomSource
  readonly logger: Logger
  readonly fetch: typeof globalThis.fetch
}

const silent = () => undefined

/** A logger that says nothing: `logger: false`. */
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

/** What `createRuntime` takes: parts of a runtime, and `false` for no log at all. */
export interface RuntimeOverrides extends Partial<Omit<Runtime, 'logger'>> {
  readonly logger?: Logger | false
}

/** The real clock, chance, network and a logger of warnings and errors on stderr; each can be replaced. */
export function createRuntime(overrides: RuntimeOverrides = {}): Runtime {
  return {
    clock: overrides.clock ?? Date.now,
    random: overrides.random ?? randomBytes,
    logger: overrides.logger === false ? silentLogger : (overrides.logger ?? defaultLogger),
    fetch: overrides.fetch ?? globalThis.fetch,
  }
}
