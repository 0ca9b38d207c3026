import { boundedWaitMs } from '../outbox/worker/backoff.ts'

/**
 * Parses `Retry-After`: a number of seconds or an HTTP date (RFC 9110 §10.2.3). Returns milliseconds, at most a day; null when the
 * field is absent or malformed.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? ''
  if (/^\d+$/.test(text)) return boundedWaitMs(Number(text) * 1_000)
  // Every form of an HTTP date starts with the name of a day. Date.parse alone would accept "1.5" as a date.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : boundedWaitMs(date - now)
}
