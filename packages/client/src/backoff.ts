const baseMs = 1_000
const capMs = 30_000

/**
 * Returns the wait before try number `attempt` (from 0): exponential with full jitter, so that the clients of a stopped
 * node do not reconnect all at once.
 *
 * @param random a number from 0 to 1; a random one by default
 */
export function backoffMs(attempt: number, random = Math.random()): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** attempt))
}
