const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** The last `width` values as bars between zero and the highest of them; a gap where a value is not known. */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shown = values.slice(-width)
  const highest = Math.max(...shown.map((value) => value ?? 0), 0)
  const bar = (value: number | null) => {
    if (value === null) return ' '
    const level = highest === 0 ? 0 : Math.round((value / highest) * (bars.length - 1))
    return bars[level] ?? bars[0]
  }
  return shown.map(bar).join('').padStart(width)
}
