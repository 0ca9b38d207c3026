import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ExpectedError, exclusively, root, run } from './workspace.mjs'

const stamps = join(root, 'node_modules/.cache/focus-build')

/**
 * Builds all packages with sources newer than their last build, in parallel.
 *
 * @param {{ node?: string, types?: boolean }} [options] `node` runs the builds. `types` adds declarations: only packed
 * packages need them, because the workspace itself reads sources.
 * @returns {Promise<string[]>} folders of the packages that were built
 */
export async function buildPackages({ node = process.execPath, types = false } = {}) {
  const findStale = () => {
    const newestIn = remembered(newestFile)
    return packageFolders().filter((name) => !isFresh(name, types, newestIn))
  }
  if (findStale().length === 0) return []
  return exclusively(async () => {
    const stale = findStale()
    await Promise.all(stale.map((name) => buildPackage(name, node, types)))
    return stale
  })
}

function packageFolders() {
  return readdirSync(join(root, 'packages')).filter((name) => existsSync(folderOf(name, 'tsup.config.ts')))
}

function folderOf(name, ...path) {
  return join(root, 'packages', name, ...path)
}

/** The stamp of a build holds the time of its newest source and whether it has types. */
function isFresh(name, types, newestIn) {
  if (!existsSync(folderOf(name, 'dist')) || !existsSync(join(stamps, name))) return false
  const [newest, withTypes] = readFileSync(join(stamps, name), 'utf8').split(' ')
  return Number(newest) === newestSource(name, newestIn) && (!types || withTypes === 'types')
}

async function buildPackage(name, node, types) {
  const newest = newestSource(name)
  rmSync(join(stamps, name), { force: true })
  const args = [join(root, 'node_modules/tsup/dist/cli-default.js'), ...(types ? [] : ['--no-dts'])]
  const { code, output } = await run(node, args, { cwd: folderOf(name) })
  if (code !== 0) throw new ExpectedError(`packages/${name} could not be built:\n${output}`)
  mkdirSync(stamps, { recursive: true })
  writeFileSync(join(stamps, name), `${newest} ${types ? 'types' : 'javascript'}`)
}

/** Returns the modification time of the newest file that a build reads: the package's own, and those of its siblings. */
function newestSource(name, newestIn = newestFile) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(folderOf(name, 'package.json'), 'utf8'))
  const names = { ...dependencies, ...devDependencies }
  const folders = packageFolders().filter((each) => each === name || `@focus-api/${each}` in names)
  return Math.max(...folders.map(newestIn))
}

function newestFile(name) {
  const files = ['package.json', 'tsup.config.ts'].map((file) => statSync(folderOf(name, file)).mtimeMs)
  return Math.max(...files, newestBelow(folderOf(name, 'src')))
}

/** Folders count, because they change when a file is removed. Node's own recursive listing takes longer. */
function newestBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  const times = entries.map((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? newestBelow(path) : statSync(path).mtimeMs
  })
  return Math.max(statSync(folder).mtimeMs, ...times)
}

/** Remembers results, for packages that several others depend on. */
function remembered(look) {
  const known = new Map()
  return (name) => {
    if (!known.has(name)) known.set(name, look(name))
    return known.get(name)
  }
}
