export interface GatherLimits {
  /** Stops the wait: a larger batch would not be cheaper. */
  readonly max: number
  /** Longest wait of the first entry, in milliseconds. */
  readonly maxMs?: number
  /** Turns of the event loop without a new entry that end the wait; 2 if absent. */
  readonly patienceTurns?: number
}

/** Callers that react to the same answer do so within one or two turns of the event loop. */
const defaultPatienceTurns = 2

/**
 * Waits while a queue grows from turn to turn of the event loop, so that the next step serves many entries at once. An idle
 * queue costs two turns and no timer.
 */
export async function whileGrowing(
  length: () => number,
  { max, maxMs = Infinity, patienceTurns = defaultPatienceTurns }: GatherLimits,
): Promise<void> {
  const until = performance.now() + maxMs
  for (let quietTurns = 0; quietTurns < patienceTurns && length() < max && performance.now() < until; ) {
    const before = length()
    await new Promise((resolve) => setImmediate(resolve))
    quietTurns = length() > before ? 0 : quietTurns + 1
  }
}
