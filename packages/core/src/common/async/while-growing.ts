export interface GatherLimits {
  /** Enough: more would not make it cheaper. */
  readonly max: number
  /** How long those that came first may wait for the others, in milliseconds. */
  readonly maxMs?: number
  /** Turns of the event loop without a newcomer that end the wait; 2 when absent. */
  readonly patienceTurns?: number
}

/** Peers that react to one answer do so within a turn or two of the event loop. */
const defaultPatienceTurns = 2

/**
 * Waits while a queue still grows from turn to turn of the event loop, so that what is done for it next is done for many
 * at once. Where nobody else comes it costs two turns and no timer.
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
