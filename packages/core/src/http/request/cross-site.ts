import { FocusError } from '../../common/errors.ts'
import type { OriginPolicy } from '../../net/origin-policy.ts'

/**
 * Refuses a request that a foreign page made with this browser's cookies (S26). Browsers send `Sec-Fetch-Site` or `Origin`
 * with every POST; a request without both does not come from a browser. Our own origin is the configured one, because a
 * client chooses the `Host` header.
 *
 * @throws FocusError `origin_not_allowed`
 */
export function refuseCrossSite(request: Request, origins: OriginPolicy): void {
  if (!isCrossSite(request, origins)) return
  throw new FocusError('origin_not_allowed', 'This page may not use the cookies of a signed-in user.', {
    hint: 'Add its origin to FOCUS_ALLOWED_ORIGINS.',
  })
}

/** Returns whether `refuseCrossSite` would refuse a request. */
export function isCrossSite(request: Request, origins: OriginPolicy): boolean {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  if (site === 'same-origin' || site === 'none') return false
  if (site === null && origin === null) return false
  return origin === null || !origins.allowsCredentials(origin)
}
