const form =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d{2})(?::?(\d{2}))?)?$/

/**
 * Parses a time in ISO 8601 as RFC 3339 §5.6 profiles it: `T` or a space, a fraction of a second, `Z` or an offset. Seconds
 * and the minutes of an offset may be left out, as in ISO 8601: `2027-01-31T09:00Z`, `2027-01-31 09:00:00.5+0200`.
 *
 * @param zone the time zone of a text without an offset: UTC, or that of this machine
 * @returns milliseconds since 1970; null for other texts, and for dates and times that do not exist
 */
export function parseIsoTime(text: string, zone: 'utc' | 'machine' = 'utc'): number | null {
  const parts = form.exec(text)
  if (!parts) return null
  const part = (index: number) => Number(parts[index] ?? 0)
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  // A leap second becomes the first second of the next minute.
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 60) return null
  const ms = Math.floor(Number(`0.${parts[7] ?? 0}`) * 1_000)
  const offset = offsetMinutes(parts)
  if (offset === null) return null
  if (offset === undefined && zone === 'machine') {
    return new Date(year, month - 1, day, hour, minute, second, ms).getTime()
  }
  return Date.UTC(year, month - 1, day, hour, minute - (offset ?? 0), second, ms)
}

/** Returns undefined for a text without an offset, and null for an offset that does not exist. */
function offsetMinutes(parts: RegExpExecArray): number | null | undefined {
  if (parts[8] !== undefined) return 0
  if (parts[9] === undefined) return undefined
  const [hours, minutes] = [Number(parts[10]), Number(parts[11] ?? 0)]
  if (hours > 23 || minutes > 59) return null
  return (parts[9] === '-' ? -1 : 1) * (hours * 60 + minutes)
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}
