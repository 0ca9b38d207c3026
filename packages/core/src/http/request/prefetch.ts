import type { IncomingHttpHeaders } from 'node:http'
import { FocusError } from '../../common/errors.ts'
import { headerOf } from './headers.ts'

/** A browser or a scanner that loads a page before anybody opened it: Fetch Metadata's header, and two older ones. */
export function isPrefetch(headers: Headers | IncomingHttpHeaders): boolean {
  return (
    /^prefetch\b/i.test(headerOf(headers, 'sec-purpose') ?? '') ||
    headerOf(headers, 'purpose')?.toLowerCase() === 'prefetch' ||
    headerOf(headers, 'x-moz')?.toLowerCase() === 'prefetch'
  )
}

/** Not a success, which the browser would show in place of the page that the person then opens. */
export function prefetchRefused(): FocusError {
  return new FocusError('prefetch_refused', 'This address does something, and only once; nobody has opened it yet.', {
    hint: 'Open it without prefetching.',
  })
}
