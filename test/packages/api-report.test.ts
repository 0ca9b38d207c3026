import { existsSync, readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type ApiReport, apiReports } from '../../scripts/api-report/report.ts'

const workspace = resolve(import.meta.dirname, '../..')

let reports: readonly ApiReport[]

beforeAll(() => {
  reports = apiReports(workspace)
}, 120_000)

test('the reports of the public interface are up to date', () => {
  const stale = reports.filter(({ path, text }) => !existsSync(path) || readFileSync(path, 'utf8') !== text)
  const names = stale.map(({ path }) => relative(workspace, path))
  expect(names, 'The public interface changed: run `npm run api`, read the difference and commit it').toEqual([])
})

test('every export has a doc comment', () => {
  expect(reports.flatMap(({ undocumented }) => undocumented)).toEqual([])
})
