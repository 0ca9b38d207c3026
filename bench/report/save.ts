import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chartOf } from './chart.ts'
import type { Measurement } from './figures.ts'
import { chartFolder, endMarker, startMarker, withFigures } from './page.ts'
import { slugOf } from './text.ts'

/**
 * Writes `benchmarks.json`, the page `benchmarks.md` and its plots into a folder. Measurements replace the earlier ones of the same
 * name and variant; others stay, with their own date and machine. Plots without a measurement are deleted.
 *
 * @param order the names of all benchmarks, in the order of the page
 */
export function saveMeasurements(folder: string, fresh: readonly Measurement[], order: readonly string[]): void {
  const file = join(folder, 'benchmarks.json')
  const earlier: Measurement[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
  const replaced = new Set(fresh.map((measurement) => slugOf(measurement)))
  const kept = earlier.filter((measurement) => !replaced.has(slugOf(measurement)) && order.includes(measurement.name))
  const all = [...kept, ...fresh].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  const charts = join(folder, chartFolder)
  mkdirSync(charts, { recursive: true })
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)
  for (const plot of readdirSync(charts)) if (plot.endsWith('.svg')) rmSync(join(charts, plot))
  for (const measurement of all) writeFileSync(join(charts, `${slugOf(measurement)}.svg`), chartOf(measurement))
  const pageFile = join(folder, 'benchmarks.md')
  const page = existsSync(pageFile) ? readFileSync(pageFile, 'utf8') : `${startMarker}\n\n${endMarker}\n`
  writeFileSync(pageFile, withFigures(page, all))
}
