import type { RandomSource } from '../../../common/runtime.ts'
import type { RetryPolicy } from '../../transport.ts'

export const defaultRetryPolicy: RetryPolicy = { baseMs: 1_000, maxDelayMs: 3_600_000, maxAttempts: 20 }

/** The longest wait that a peer can ask for: a day. */
const maxAskedMs = 86_400_000

/** Returns a wait that a peer asked for within bounds: at least 0, at most a day. NaN counts as 0. */
export function boundedWaitMs(askedMs: number): number {
  return Math.min(Math.max(0, askedMs || 0), maxAskedMs)
}

/**
 * Returns the milliseconds to wait after failed attempt number `attempt`: the longer of two times. The first is a random part
 * of an exponentially growing time (full jitter), so that deliveries that failed together do not come back together. The
 * second is the wait that the peer asked for (`Retry-After`, RFC 9110 §10.2.3), up to a day, with a little jitter on top.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | null,
  random: RandomSource,
): number {
  const chance = fraction(random)
  const ceiling = Math.min(policy.maxDelayMs, policy.baseMs * 2 ** Math.min(attempt - 1, 40))
  const backoffMs = chance * ceiling
  const askedMs = boundedWaitMs(retryAfterMs ?? 0)
  return Math.ceil(Math.max(backoffMs, askedMs + chance * Math.min(askedMs * 0.1, policy.baseMs)))
}

/** Returns a uniform random number in (0, 1]. */
function fraction(random: RandomSource): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4)
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d + 1) / 2 ** 32
}
