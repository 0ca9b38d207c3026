/**
 * Writes the public interface of every package into `packages/<name>/api.md`. With `--check` it writes nothing, and fails
 * when a report is out of date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import process from 'node:process'
import { apiReports } from './api-report/report.ts'

const root = resolve(import.meta.dirname, '..')
const stale = apiReports(root).filter(({ path, text }) => !existsSync(path) || readFileSync(path, 'utf8') !== text)

if (!process.argv.includes('--check')) {
  for (const { path, text } of stale) writeFileSync(path, text)
} else if (stale.length > 0) {
  const names = stale.map(({ path }) => relative(root, path)).join(', ')
  console.error(
    `Out of date: ${names}. The public interface changed: run \`npm run api\`, read the difference and commit it.`,
  )
  process.exitCode = 1
}
