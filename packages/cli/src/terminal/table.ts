import { plainText } from './plain-text.ts'
import type { Terminal } from './terminal.ts'

/** Formats rows as columns with headings; returns a sentence when there are none. */
export function table(
  terminal: Terminal,
  columns: readonly string[],
  cells: readonly (readonly string[])[],
  none: string,
): string {
  if (cells.length === 0) return none
  const rows = cells.map((row) => row.map(plainText))
  const widths = columns.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [terminal.style('dim', line(columns)), ...rows.map(line)].join('\n')
}

/** Returns the age of a time in an answer, such as `3 min`. */
export function ago(timestamp: unknown, now = Date.now()): string {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  if (Number.isNaN(time)) return '–'
  const seconds = Math.max(0, Math.round((now - time) / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
