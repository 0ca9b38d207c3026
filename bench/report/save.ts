import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartOf } from './chart.ts'
import type { Measurement } from './figures.ts'
import { chartFolder, endMarker, startMarker, withFigures } from './page.ts'
import { slugOf } from './text.ts'

/**
 * Writes `benchmarks.json`, the page `benchmarks.md` and its plots into a folder. Measurements replace the earlier ones of the same
 * name and variant; others stay, with their own date and machine.
 *
 * @param order the names of all benchmarks, in the order of the page
 */
export function saveMeasurements(folder: string, fresh: readonly Measurement[], order: readonly string[]): void {
  const file = join(folder, 'benchmarks.json')
  const earlier: Measurement[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  const replaced = new Set(fresh.map(({ name }) => name))
  const kept = earlier.filter(({ name }) => !replaced.has(name) && order.includes(name))
  const all = [...kept, ...fresh].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  mkdirSync(join(folder, chartFolder), { recursive: true })
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)
  for (const measurement of all)
    writeFileSync(join(folder, chartFolder, `${slugOf(measurement)}.svg`), chartOf(measurement))
  const pageFile = join(folder, 'benchmarks.md')
  const page = existsSync(pageFile) ? readFileSync(pageFile, 'utf8') : `${startMarker}\n\n${endMarker}\n`
  writeFileSync(pageFile, withFigures(page, all))
}
