import { randomBytes } from 'node:crypto'

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

/** A logger that says nothing: the default of the library, which leaves the terminal to its host. */
export const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent }

/** The real clock, chance and network, with a silent logger; each can be replaced. */
export function createRuntime(overrides: Partial<Runtime> = {}): Runtime {
  return {
    clock: overrides.clock ?? Date.now,
    random: overrides.random ?? randomBytes,
    logger: overrides.logger ?? silentLogger,
    fetch: overrides.fetch ?? globalThis.fetch,
  }
}
