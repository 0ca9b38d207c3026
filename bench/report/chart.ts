import type { Measurement, Row } from './figures.ts'
import { readable } from './text.ts'

const width = 760
const labelWidth = 190
const valueWidth = 190
const rowHeight = 26
const top = 34

/**
 * Returns a bar plot as SVG, which follows the light or dark scheme of its reader. Bars start at zero; the longest fills the width.
 */
export function chartOf({ name, variant, unit, isBetter, rows }: Measurement): string {
  const longest = Math.max(...rows.map(({ value }) => value))
  const heading = `${name}${variant && `, ${variant}`}: ${unit}, ${isBetter} is better`
  const height = top + rows.length * rowHeight + 8
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(heading)}">`,
    `<style>${style}</style>`,
    `<text class="title" x="0" y="18">${escape(heading)}</text>`,
    ...rows.map((row, index) => bar(row, top + index * rowHeight, longest)),
    '</svg>',
    '',
  ].join('\n')
}

const style = [
  'text{font:13px system-ui,sans-serif;fill:#1f2328}',
  '.title{font-weight:600}',
  '.own{fill:#1a7f64}.peer{fill:#8c959f}',
  '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.own{fill:#3fb68b}.peer{fill:#6e7681}}',
].join('')

function bar({ contestant, value, cpuMicroseconds }: Row, y: number, longest: number): string {
  const length = Math.max(1, Math.round((value / longest) * (width - labelWidth - valueWidth)))
  const cpu = cpuMicroseconds === null ? '' : ` (CPU ${readable(cpuMicroseconds)} µs)`
  const kind = contestant.startsWith('focus') ? 'own' : 'peer'
  return [
    `<text x="${labelWidth - 8}" y="${y + 15}" text-anchor="end">${escape(contestant)}</text>`,
    `<rect class="${kind}" x="${labelWidth}" y="${y + 2}" width="${length}" height="${rowHeight - 8}" rx="2"/>`,
    `<text x="${labelWidth + length + 6}" y="${y + 15}">${escape(readable(value) + cpu)}</text>`,
  ].join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
