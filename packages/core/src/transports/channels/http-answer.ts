import type { Clock } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from '../transport-errors.ts'
import type { PostAnswer } from '../../net/post.ts'
import { parseRetryAfter } from './retry-after.ts'

/** Refusals that time may heal (RFC 9110): Request Timeout, Conflict, Too Early, Too Many Requests. */
const passing = new Set([408, 409, 425, 429])

/**
 * What an answer that is not 2xx means: 5xx and a few of 4xx may heal, everything else will not.
 *
 * @param peer who answered, for the reason
 * @param detail the peer's own word for it, where it gives one
 */
export function failureOf(
  { status, headers }: PostAnswer,
  peer: string,
  clock: Clock,
  detail = '',
): PermanentDeliveryError | RetryableDeliveryError {
  const said = `${peer} answered ${status}${detail === '' ? '' : ` (${shorten(detail, 200)})`}.`
  if (status < 500 && !passing.has(status)) {
    return new PermanentDeliveryError(said, { category: status === 404 || status === 410 ? 'gone' : 'refused' })
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], clock())
  const category = status === 429 ? 'rate_limited' : 'unavailable'
  if (retryAfterMs === null) return new RetryableDeliveryError(said, { category })
  const busy = status === 429 || status === 503
  return new RetryableDeliveryError(said, { retryAfterMs, category, pause: busy })
}
