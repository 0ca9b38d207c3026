export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Rounds to two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
