const baseMs = 1_000
const capMs = 30_000

/**
 * How long to wait before try number `attempt` (from 0): exponential with full jitter, so that the clients of a node that
 * went away come back spread out.
 *
 * @param random from 0 to 1
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.round(random * Math.min(capMs, baseMs * 2 ** attempt))
}
