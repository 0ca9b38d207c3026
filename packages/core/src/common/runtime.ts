import { randomBytes } from 'node:crypto'
import { type DebugSource, debugSource } from './logging/debug.ts'
import { defaultLogger } from './logging/default-logger.ts'
import { type Logger, silentLogger } from './logging/logger.ts'
import { runtimeLogger } from './logging/runtime-logger.ts'

/** Returns milliseconds since 1970, UTC. Every part receives it, so that a test can freeze time. */
export type Clock = () => number

/** Returns `size` unpredictable bytes. */
export type RandomSource = (size: number) => Uint8Array

/** Clock, random source, logs and network: taken from outside, so that a test can replace each. */
export interface Runtime {
  readonly clock: Clock
  readonly random: RandomSource
  readonly logger: Logger
  readonly fetch: typeof globalThis.fetch
  /** Traces of one part of the library; silent unless `FOCUS_DEBUG` names it. */
  readonly debug: DebugSource
}

/** Parts of a runtime to replace. */
export interface RuntimeOverrides extends Partial<Omit<Runtime, 'logger'>> {
  /** `false` writes nothing. */
  readonly logger?: Logger | false
  /** The value of `FOCUS_DEBUG`: namespaces to trace. */
  readonly debugSetting?: string | undefined
}

/** Returns the real clock, random source and network, and a logger of warnings and errors on stderr. */
export function createRuntime(overrides: RuntimeOverrides = {}): Runtime {
  const own = overrides.logger === false ? silentLogger : overrides.logger
  return {
    clock: overrides.clock ?? Date.now,
    random: overrides.random ?? randomBytes,
    logger: runtimeLogger(own ?? defaultLogger),
    fetch: overrides.fetch ?? globalThis.fetch,
    debug: overrides.debug ?? debugSource(overrides.debugSetting, own === undefined ? null : runtimeLogger(own)),
  }
}
