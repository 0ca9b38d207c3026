import { FocusError } from '../common/errors.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const longest = 365 * 86_400_000

/** A duration: milliseconds, or a string such as `30s`, `5m`, `2h` or `1d`. */
export type Duration = number | string

/**
 * Converts a duration to milliseconds, rounded.
 *
 * @param what name of the field, for the error message
 * @throws FocusError `invalid_notification` unless the duration is from 0 to one year
 */
export function durationMs(what: string, value: Duration): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(String(value).trim()) ?? []
  const ms = typeof value === 'number' ? value : Math.round(Number(amount || NaN) * (units[unit] ?? NaN))
  if (Number.isFinite(ms) && ms >= 0 && ms <= longest) return Math.round(ms)
  throw new FocusError('invalid_notification', `${what}: ${JSON.stringify(value)} is not a duration.`, {
    hint: 'Pass milliseconds, or a string such as 30s, 5m, 2h or 1d; a year at most.',
  })
}
