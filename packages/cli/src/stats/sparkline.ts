const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** Draws the last `width` values as bars between zero and their maximum; unknown values are gaps. */
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
