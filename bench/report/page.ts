import type { Measurement } from './figures.ts'
import { describeBound, describeRatio, readable, slugOf } from './text.ts'

export const startMarker = '<!-- figures: written by `npm run bench` -->'
/** Folder of the plots, beside the page. */
export const chartFolder = 'images/benchmarks'
export const endMarker = '<!-- end of figures -->'

/**
 * Returns the page with its figures replaced.
 *
 * @throws Error when the page has no markers
 */
export function withFigures(page: string, measurements: readonly Measurement[]): string {
  const from = page.indexOf(startMarker)
  const to = page.indexOf(endMarker)
  if (from === -1 || to < from) throw new Error(`The page has no lines "${startMarker}" and "${endMarker}".`)
  const figures = [targetTable(measurements), ...sections(measurements)].join('\n\n')
  return `${page.slice(0, from)}${startMarker}\n\n${figures}\n\n${page.slice(to)}`
}

function targetTable(measurements: readonly Measurement[]): string {
  const rows = measurements.flatMap(({ name, variant, unit, targets }) =>
    targets.map((target) => [
      `\`${name}\`${variant && `, ${variant}`}`,
      describeRatio(target, unit),
      describeBound(target, unit),
      target.isMet ? 'met' : '**missed**',
    ]),
  )
  return ['## Targets', '', table(['benchmark', 'measured', 'target', ''], rows)].join('\n')
}

function sections(measurements: readonly Measurement[]): string[] {
  return [...Map.groupBy(measurements, ({ name }) => name)].map(([name, own]) =>
    [`## ${name}`, ...own.map((measurement) => section(measurement))].join('\n\n'),
  )
}

function section(measurement: Measurement): string {
  const { name, variant, title, unit, slices, rows, date, machine } = measurement
  const hasCpu = rows.some(({ cpuMicroseconds }) => cpuMicroseconds !== null)
  const details = [...new Set(rows.flatMap(({ details }) => Object.keys(details)))]
  const [own] = rows
  const heading = variant === '' ? '' : `### ${name}: ${variant}\n\n`
  const machineText = `${machine.cores} cores, Node ${machine.node.replace('v', '')}, ${machine.system}`
  const cells = rows.map(({ contestant, value, lowest, highest, cpuMicroseconds, details: figures }) => [
    contestant,
    readable(value),
    `${readable(lowest)} to ${readable(highest)}`,
    ratio(own?.value, value),
    ...(hasCpu
      ? [readable(cpuMicroseconds ?? Number.NaN), ratio(own?.cpuMicroseconds ?? undefined, cpuMicroseconds)]
      : []),
    ...details.map((key) => {
      const detail = figures[key] ?? ''
      return typeof detail === 'number' ? readable(detail) : detail
    }),
  ])
  const head = [
    '',
    unit,
    'lowest to highest',
    `${own?.contestant ?? ''} ×`,
    ...(hasCpu ? ['CPU µs each', 'CPU ×'] : []),
  ]
  return [
    `${heading}${capitalised(title)}. \`npm run bench -- ${name}\`, ${slices === 1 ? 'one run' : `medians of ${slices} interleaved slices`}, ${machineText}, ${date}.`,
    `![${name}${variant && `, ${variant}`}](${chartFolder}/${slugOf(measurement)}.svg)`,
    table([...head, ...details], cells),
  ].join('\n\n')
}

function ratio(own: number | undefined, value: number | null): string {
  return own === undefined || value === null ? '–' : readable(own / value)
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
