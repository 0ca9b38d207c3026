const dayMs = 86_400_000
/** First millisecond of the year 10000, from which on years have a sign and six digits. */
const lastDay = Date.UTC(10_000, 0, 1) / dayMs - 1

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))

let lastTime = Number.NaN
let lastText = ''
let knownDay = Number.NaN
let dayText = ''

/**
 * Formats milliseconds since 1970 as ISO 8601 in UTC. Keeps the last text, because messages of one turn share their millisecond, and
 * the date, because `toISOString` takes longer than the rest of a message.
 *
 * @throws RangeError for a time that no `Date` can represent
 */
export function isoTimestamp(time: number): string {
  if (time !== lastTime) {
    lastText = format(time)
    lastTime = time
  }
  return lastText
}

/** Returns the timestamp of a time that may be absent; null for null. */
export function isoTimestampOrNull(time: number | null): string | null {
  return time === null ? null : isoTimestamp(time)
}

function format(time: number): string {
  const day = Math.floor(time / dayMs)
  if (!Number.isInteger(time) || day < 0 || day > lastDay) return new Date(time).toISOString()
  if (day !== knownDay) {
    dayText = new Date(time).toISOString().slice(0, 11)
    knownDay = day
  }
  const ofDay = time - day * dayMs
  const hours = Math.floor(ofDay / 3_600_000)
  const minutes = Math.floor(ofDay / 60_000) % 60
  const seconds = Math.floor(ofDay / 1_000) % 60
  return `${dayText}${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[seconds]}.${thousandths(ofDay % 1_000)}Z`
}

function thousandths(milliseconds: number): string {
  if (milliseconds >= 100) return String(milliseconds)
  return `0${twoDigits[milliseconds] ?? milliseconds}`
}
