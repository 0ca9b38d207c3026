import { existsSync, readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { apiReports } from '../../scripts/api-report/report.ts'

const workspace = resolve(import.meta.dirname, '../..')

test('the reports of the public interface are up to date', () => {
  const stale = apiReports(workspace).filter(
    ({ path, text }) => !existsSync(path) || readFileSync(path, 'utf8') !== text,
  )
  const names = stale.map(({ path }) => relative(workspace, path))
  expect(names, 'The public interface changed: run `pnpm run api`, read the difference and commit it').toEqual([])
}, 120_000)
