import type { Clock } from '../../common/runtime.ts'
import { shorten } from '../../common/text/shorten.ts'
import { ForbiddenAddressError, UnresolvedNameError } from '../../net/net-errors.ts'
import { checkOutgoingUrl, type UrlTrust } from '../../net/outgoing/outgoing-url.ts'
import { post, type PostAnswer, type PostRequest } from '../../net/outgoing/post.ts'
import { PermanentDeliveryError, RetryableDeliveryError } from '../transport-errors.ts'
import { parseRetryAfter } from './retry-after.ts'

/**
 * Sends one POST to the peer of a transport.
 *
 * @throws PermanentDeliveryError when the address must not be called
 * @throws RetryableDeliveryError when the host name does not resolve
 * @throws UnansweredRequestError when the request was sent completely and no answer came
 */
export async function postToPeer(request: PostRequest): Promise<PostAnswer> {
  try {
    return await post(request)
  } catch (error) {
    if (error instanceof ForbiddenAddressError) throw notAllowed(error)
    if (error instanceof UnresolvedNameError) {
      throw new RetryableDeliveryError(error.message, { category: 'unresolved', cause: error })
    }
    throw error
  }
}

/**
 * Parses the URL of a peer and checks everything that needs no name lookup.
 *
 * @throws PermanentDeliveryError when it must not be called
 */
export function checkPeerUrl(url: string, trust: UrlTrust): URL {
  try {
    return checkOutgoingUrl(url, trust)
  } catch (error) {
    throw error instanceof ForbiddenAddressError ? notAllowed(error) : error
  }
}

/** Answers of 4xx after which another attempt may succeed (RFC 9110): Request Timeout, Conflict, Too Early, Too Many Requests. */
const retryableStatuses = new Set([408, 409, 425, 429])

/**
 * Returns the error for an answer other than 2xx. 5xx and a few of 4xx can be tried again; every other answer is permanent.
 *
 * @param peer the name of the peer, for the reason
 * @param detail the reason that the peer gave, where there is one
 */
export function errorOfAnswer(
  { status, headers }: PostAnswer,
  peer: string,
  clock: Clock,
  detail = '',
): PermanentDeliveryError | RetryableDeliveryError {
  const reason = `${peer} answered ${status}${detail === '' ? '' : ` (${shorten(detail, 200)})`}.`
  if (status < 500 && !retryableStatuses.has(status)) {
    return new PermanentDeliveryError(reason, { category: status === 404 || status === 410 ? 'gone' : 'refused' })
  }
  const retryAfterMs = parseRetryAfter(headers['retry-after'], clock())
  const category = status === 429 ? 'rate_limited' : 'unavailable'
  if (retryAfterMs === null) return new RetryableDeliveryError(reason, { category })
  return new RetryableDeliveryError(reason, { retryAfterMs, category, pause: status === 429 || status === 503 })
}

function notAllowed(error: ForbiddenAddressError): PermanentDeliveryError {
  return new PermanentDeliveryError(error.message, { category: 'not_allowed', cause: error })
}
