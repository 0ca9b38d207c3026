import { round } from '../statistics.ts'
import type { CheckedTarget, Measurement } from './figures.ts'

/** Prints a measurement with its ratios. The first row is the one that the others are compared with. */
export function printMeasurement({ name, variant, title, unit, rows, targets }: Measurement): void {
  const [own] = rows
  console.log(`\n${name}${variant && `, ${variant}`}: ${title}`)
  if (!own) return
  console.table(
    Object.fromEntries(
      rows.map(({ contestant, value, lowest, highest, cpuMicroseconds, details }) => [
        contestant,
        {
          [unit]: readable(value),
          'lowest to highest': `${readable(lowest)} to ${readable(highest)}`,
          [`${own.contestant} ×`]: round(own.value / value),
          ...(cpuMicroseconds !== null && {
            'CPU µs': round(cpuMicroseconds),
            'CPU ×': round((own.cpuMicroseconds ?? Number.NaN) / cpuMicroseconds),
          }),
          ...details,
        },
      ]),
    ),
  )
  for (const target of targets) console.log(`  ${describeTarget(target)}`)
}

function describeTarget({ of, to, kind, bound, measured, isMet }: CheckedTarget): string {
  const sign = kind === 'at least' ? '≥' : '≤'
  const figure = to === null ? `${of} ${round(measured)}` : `${of}: ${round(measured)} × ${to}`
  return `${figure} (target ${sign} ${bound}${to === null ? '' : ' ×'}): ${isMet ? 'met' : 'MISSED'}`
}

/** Large numbers need no decimals. */
function readable(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(round(value))
}
