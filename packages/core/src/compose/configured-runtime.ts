import { present } from '../common/present.ts'
import { createRuntime, type Runtime } from '../common/runtime.ts'
import type { Settings } from '../options/resolve.ts'

/** Returns the clock, random source, logger and network that the options name, and Node's own for the others. */
export function configuredRuntime({ general }: Settings): Runtime {
  const { clock, random, logger, fetch, debug } = general
  return createRuntime(present({ clock, random, logger, fetch, debugSetting: debug }))
}
