import { round } from '../statistics.ts'
import type { Measurement } from './figures.ts'
import { describeBound, describeRatio, readable } from './text.ts'

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
  for (const target of targets) {
    console.log(
      `  ${describeRatio(target, unit)} (target ${describeBound(target, unit)}): ${target.isMet ? 'met' : 'MISSED'}`,
    )
  }
}
