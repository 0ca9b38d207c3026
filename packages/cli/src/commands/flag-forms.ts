import { usageFailure } from '../terminal/failure.ts'

const maxPageSize = 500
const duration = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/

/**
 * Parses a flag that is a whole number from 1.
 *
 * @param flag its name, such as `--limit`
 * @throws CommandFailure `usage`
 */
export function wholeNumber(flag: string, text: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= max) return value
  const range = max === Number.MAX_SAFE_INTEGER ? 'from 1' : `from 1 to ${max}`
  throw usageFailure(`${flag}: expected a whole number ${range}, got ${JSON.stringify(text)}.`)
}

/**
 * Parses `--limit`, the maximum number of rows of a list.
 *
 * @throws CommandFailure `usage`
 */
export function pageSize(text: string): number {
  return wholeNumber('--limit', text, maxPageSize)
}

/**
 * Validates a flag that is one of a few words.
 *
 * @throws CommandFailure `usage`
 */
export function oneOf(flag: string, text: string, words: readonly string[]): string {
  if (words.includes(text)) return text
  const others = words.slice(0, -1).join(', ')
  throw usageFailure(`${flag}: expected ${others} or ${words.at(-1)}, got ${JSON.stringify(text)}.`)
}

/**
 * Validates a flag that is a time span, such as `7d`.
 *
 * @throws CommandFailure `usage`
 */
export function timeSpan(flag: string, text: string): string {
  if (duration.test(text)) return text
  throw usageFailure(`${flag}: expected a time span such as 90s, 30m, 12h or 7d, got ${JSON.stringify(text)}.`)
}
