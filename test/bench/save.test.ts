import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import type { Measurement } from '../../bench/report/figures.ts'
import { startMarker } from '../../bench/report/page.ts'
import { saveMeasurements } from '../../bench/report/save.ts'

const folder = temporaryFolder('bench-save')
afterAll(() => removeFolder(folder))

function measurement(name: string, variant: string, date: string): Measurement {
  return {
    name,
    variant,
    title: 'a title',
    unit: 'calls/s',
    isBetter: 'higher',
    slices: 1,
    rows: [{ contestant: 'focus', value: 2, lowest: 1, highest: 3, cpuMicroseconds: null, details: {} }],
    targets: [],
    date,
    machine: { cores: 2, node: 'v24.0.0', system: 'linux' },
    isQuick: false,
  }
}

test('a run of one database keeps the figures of the others, and deletes plots without a measurement', () => {
  const [first, second] = ['2030-01-01', '2030-01-02']
  const order = ['unicast', 'store']
  const both = ['SQLite', 'MariaDB'].map((variant) => measurement('store', variant, first))
  saveMeasurements(folder, [...both, measurement('unicast', '', first)], order)
  writeFileSync(join(folder, 'images/benchmarks/renamed.svg'), '<svg></svg>')
  saveMeasurements(folder, [measurement('store', 'SQLite', second)], order)
  const saved: Measurement[] = JSON.parse(readFileSync(join(folder, 'benchmarks.json'), 'utf8'))
  expect(new Map(saved.map(({ name, variant, date }) => [`${name} ${variant}`, date]))).toEqual(
    new Map([
      ['unicast ', first],
      ['store MariaDB', first],
      ['store SQLite', second],
    ]),
  )
  expect(readdirSync(join(folder, 'images/benchmarks')).toSorted()).toEqual([
    'store-mariadb.svg',
    'store-sqlite.svg',
    'unicast.svg',
  ])
  expect(readFileSync(join(folder, 'benchmarks.md'), 'utf8')).toContain(startMarker)
})
