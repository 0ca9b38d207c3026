import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'src'))

/** Every folder below a folder, itself included. */
function foldersBelow(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [folder, ...inner.flatMap(({ name }) => foldersBelow(join(folder, name)))]
}

/** Source files below a folder, without tests. */
function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test(-d)?\.tsx?$/.test(path))
    .map((path) => join(folder, path))
}

/** Names that mark the same part in several rooms: entry points, ports, and implementations of the same port. */
const sharedNames = new Set(['index.ts', 'ports.ts'])
/** Folders whose files implement the same ports, one folder for each database or language. */
const alike = /\/(?:dialects|detect|render)\/[^/]+\//

test('a folder of source code has at most 16 entries; the folder of the rooms has one for each room', () => {
  const rooms = join(root, 'packages/core/src')
  const crowded = packages
    .flatMap(foldersBelow)
    .map((folder) => [relative(root, folder), readdirSync(folder).length] as const)
    .filter(([folder, entries]) => entries > (folder === relative(root, rooms) ? 21 : 16))
  expect(crowded).toEqual([])
})

test('no two files of a package have the same name, unless they implement the same port', () => {
  const repeated = packages.flatMap((folder) => {
    const sources = sourcesBelow(folder).filter((path) => !sharedNames.has(basename(path)) && !alike.test(path))
    const byName = Map.groupBy(sources, (path) => basename(path))
    return [...byName.values()]
      .filter((paths) => paths.length > 1)
      .map((paths) => paths.map((path) => relative(root, path)))
  })
  expect(repeated).toEqual([])
})

test('a source file has at most 320 lines', () => {
  const long = packages
    .flatMap(sourcesBelow)
    .map((path) => [relative(root, path), readFileSync(path, 'utf8').split('\n').length - 1] as const)
    .filter(([, lines]) => lines > 320)
  expect(long).toEqual([])
})
