import type { IncomingHttpHeaders } from 'node:http'
import { FocusError } from '../../common/errors.ts'
import { headerOf } from './headers.ts'

/** Returns whether a browser or scanner loads a page before the user opens it: by the Fetch Metadata header, or an older one. */
export function isPrefetch(headers: Headers | IncomingHttpHeaders): boolean {
  return (
    /^prefetch\b/i.test(headerOf(headers, 'sec-purpose') ?? '') ||
    headerOf(headers, 'purpose')?.toLowerCase() === 'prefetch' ||
    headerOf(headers, 'x-moz')?.toLowerCase() === 'prefetch'
  )
}

/** The error for a prefetch. A success would be shown in place of the page that the user opens later. */
export function prefetchRefused(): FocusError {
  return new FocusError('prefetch_refused', 'This address works only once, so it must not be prefetched.', {
    hint: 'Open the address without prefetching it.',
  })
}
