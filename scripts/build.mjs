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
  const findStale = () => packageFolders().filter((name) => !isFresh(name, types))
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
function isFresh(name, types) {
  if (!existsSync(folderOf(name, 'dist')) || !existsSync(join(stamps, name))) return false
  const [newest, withTypes] = readFileSync(join(stamps, name), 'utf8').split(' ')
  return Number(newest) === newestSource(name) && (!types || withTypes === 'types')
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
function newestSource(name) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(folderOf(name, 'package.json'), 'utf8'))
  const names = { ...dependencies, ...devDependencies }
  const folders = packageFolders().filter((each) => each === name || `@focus-api/${each}` in names)
  const files = folders.flatMap((each) => [
    folderOf(each, 'package.json'),
    folderOf(each, 'tsup.config.ts'),
    ...readdirSync(folderOf(each, 'src'), { recursive: true }).map((path) => folderOf(each, 'src', path)),
  ])
  return Math.max(...files.map((file) => statSync(file).mtimeMs))
}
