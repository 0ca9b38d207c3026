import type { RandomSource } from '../runtime.ts'
import type { RetryPolicy } from './transport.ts'

export const defaultRetryPolicy: RetryPolicy = { baseMs: 1_000, maxDelayMs: 3_600_000, maxAttempts: 20 }

/** Longest wait that a peer may ask for. */
const maxRetryAfterMs = 86_400_000

/**
 * How long to wait after failed attempt number `attempt`: a random part of an exponentially growing time (full jitter), so that
 * many deliveries that failed together do not come back together. A peer's own wish is a lower bound, with a little jitter on
 * top.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | null,
  random: RandomSource,
): number {
  const chance = fraction(random)
  if (retryAfterMs !== null) {
    const asked = Math.min(Math.max(0, retryAfterMs), maxRetryAfterMs)
    return Math.ceil(asked + chance * Math.min(asked * 0.1, policy.baseMs))
  }
  const ceiling = Math.min(policy.maxDelayMs, policy.baseMs * 2 ** Math.min(attempt - 1, 40))
  return Math.ceil(chance * ceiling)
}

/** Uniform in (0, 1]. */
function fraction(random: RandomSource): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4)
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d + 1) / 2 ** 32
}
