import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import type { Measurement } from '../../bench/report/figures.ts'
import { endMarker, startMarker, withFigures } from '../../bench/report/page.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = temporaryFolder('bench')
afterAll(() => removeFolder(folder))

/** Runs the benchmarks from source, as `npm run bench -- …` runs them from the build; other tests run on all cores meanwhile. */
function bench(...args: string[]) {
  return spawnSync(process.execPath, ['--conditions=@focus-api/source', join(root, 'bench/run.ts'), ...args], {
    encoding: 'utf8',
    timeout: 200_000,
    env: { ...process.env, BENCH_PINNING: 'off' },
  })
}

describe('a quick run', { timeout: 220_000 }, () => {
  test('measures every contestant, and writes figures, plots and a page', () => {
    const { status, stdout } = bench(
      'unicast',
      'store',
      '--quick',
      '--cores',
      '1',
      '--databases',
      'sqlite',
      '--write',
      folder,
    )
    expect(status).toBe(0)
    expect(stdout).toContain('unicast, one core')

    const measurements: Measurement[] = JSON.parse(readFileSync(join(folder, 'benchmarks.json'), 'utf8'))
    expect(measurements.map(({ name, variant }) => [name, variant])).toEqual([
      ['unicast', 'one core'],
      ['store', 'SQLite'],
    ])
    const names = measurements[0]?.rows.map(({ contestant }) => contestant)
    expect(names).toEqual(expect.arrayContaining(['focus', 'socket.io', 'ws', 'raw net']))
    for (const { rows, isQuick } of measurements) {
      expect(isQuick).toBe(true)
      for (const { value, cpuMicroseconds } of rows) {
        expect(value).toBeGreaterThan(0)
        expect(cpuMicroseconds).toBeGreaterThan(0)
      }
    }

    const page = readFileSync(join(folder, 'benchmarks.md'), 'utf8')
    expect(page).toMatch(/^\| `unicast`, one core \| focus: [\d.]+ × socket\.io \| ≥ 1 × \| (met|\*\*missed\*\*) \|$/m)
    expect(page).toMatch(/^\| socket\.io \| [\d,.]+ \| /m)
    const plots = readdirSync(join(folder, 'images/benchmarks'))
    expect(plots.toSorted()).toEqual(['store-sqlite.svg', 'unicast-one-core.svg'])
    for (const plot of plots) {
      expect(page).toContain(`(images/benchmarks/${plot})`)
      expect(readFileSync(join(folder, 'images/benchmarks', plot), 'utf8')).toMatch(/^<svg [^]*<rect [^]*<\/svg>\n$/)
    }
  })
})

describe('the command line', () => {
  test('an unknown benchmark is refused with the known ones', () => {
    const { status, stderr } = bench('unicats')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^There is no benchmark "unicats"\. Benchmarks: broadcast, /)
  })

  test.each([
    [['--slices', '0'], '--slices must be'],
    [['--databases', 'oracle'], '--databases accepts sqlite, mariadb, postgres, not "oracle"'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j is refused', (args, message) => {
    const { status, stderr } = bench('unicast', ...args)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
  })

  test('--help lists every benchmark', () => {
    const { status, stdout } = bench('--help')
    expect(status).toBe(0)
    for (const name of [
      'broadcast',
      'unicast-hot',
      'store',
      'memory',
      'storm',
      'latency',
      'cluster',
      'idle-call',
      'growth',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} {2}`, 'm'))
    }
  })
})

test('the page in the repository shows the figures of the JSON file', () => {
  const page = readFileSync(join(root, 'docs/benchmarks.md'), 'utf8')
  const measurements: Measurement[] = JSON.parse(readFileSync(join(root, 'docs/benchmarks.json'), 'utf8'))
  expect(withFigures(page, measurements)).toBe(page)
  expect(page.indexOf(startMarker)).toBeLessThan(page.indexOf(endMarker))
  expect(measurements.filter(({ isQuick }) => isQuick)).toEqual([])
})
