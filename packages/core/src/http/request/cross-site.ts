import { FocusError } from '../../common/errors.ts'
import type { OriginPolicy } from '../../net/origin-policy.ts'

/**
 * Refuses a request that a page of a stranger made with this browser's cookies (S26). Browsers say with every POST where
 * it comes from, in `Sec-Fetch-Site` and `Origin`; a request that says neither is no browser's, and carries no cookie but its
 * own. Our own origin is the configured one: what a request is addressed to is the client's to say, or the host's to make up.
 *
 * @throws FocusError `origin_not_allowed`
 */
export function refuseCrossSite(request: Request, origins: OriginPolicy): void {
  if (!isCrossSite(request, origins)) return
  throw new FocusError('origin_not_allowed', 'This page may not use the cookies of a signed-in person.', {
    hint: 'Add its origin to FOCUS_ALLOWED_ORIGINS.',
  })
}

/** Whether `refuseCrossSite` refuses a request. */
export function isCrossSite(request: Request, origins: OriginPolicy): boolean {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  if (site === 'same-origin' || site === 'none') return false
  if (site === null && origin === null) return false
  return origin === null || !origins.allowsCredentials(origin)
}
