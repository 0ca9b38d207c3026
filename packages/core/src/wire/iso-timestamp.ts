let lastTime = Number.NaN
let lastText = ''

/** Formats milliseconds since 1970 as ISO 8601 in UTC. Keeps the last text, because messages of one turn share their millisecond. */
export function isoTimestamp(time: number): string {
  if (time !== lastTime) {
    lastText = new Date(time).toISOString()
    lastTime = time
  }
  return lastText
}

/** Returns the timestamp of a time that may be absent; null for null. */
export function isoTimestampOrNull(time: number | null): string | null {
  return time === null ? null : isoTimestamp(time)
}
