import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ExpectedError } from './expected-error.mjs'
import { exclusively } from './lock.mjs'
import { root } from './root.mjs'

const stamps = join(root, 'node_modules/.cache/focus-build')

/**
 * Builds every package whose source changed since its last build, all at once.
 *
 * @param {{ node?: string, types?: boolean }} [options] `node` runs the builds; `types` adds declarations, which only those
 * need who pack the packages: the workspace itself reads sources.
 * @returns {Promise<string[]>} names of the folders that were built
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
  return readdirSync(join(root, 'packages')).filter((name) =>
    existsSync(join(root, 'packages', name, 'tsup.config.ts')),
  )
}

function isFresh(name, types) {
  if (!existsSync(join(root, 'packages', name, 'dist')) || !existsSync(join(stamps, name))) return false
  const [built, withTypes] = readFileSync(join(stamps, name), 'utf8').split(' ')
  return built === fingerprint(name) && (!types || withTypes === 'types')
}

async function buildPackage(name, node, types) {
  const before = fingerprint(name)
  rmSync(join(stamps, name), { force: true })
  const args = [join(root, 'node_modules/tsup/dist/cli-default.js'), ...(types ? [] : ['--no-dts'])]
  const { code, output } = await run(node, args, join(root, 'packages', name))
  if (code !== 0) throw new ExpectedError(`packages/${name} could not be built:\n${output}`)
  mkdirSync(stamps, { recursive: true })
  writeFileSync(join(stamps, name), `${before} ${types ? 'types' : 'javascript'}`)
}

function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes) => (output += bytes))
    child.stderr.on('data', (bytes) => (output += bytes))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

/**
 * Of everything that the build of a package reads: its own source and that of the packages it may bundle. Contents, not times:
 * a switch of branches sets new times.
 */
function fingerprint(name) {
  const hash = createHash('sha256')
  for (const each of [name, ...siblings(name)]) {
    const folder = join(root, 'packages', each)
    for (const path of ['package.json', 'tsup.config.ts', ...sources(folder, 'src')]) {
      hash
        .update(`${each}/${path}`)
        .update('\0')
        .update(readFileSync(join(folder, path)))
        .update('\0')
    }
  }
  return hash.digest('hex')
}

/** The folders of the packages of this workspace that a package depends on. */
function siblings(name) {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
  const names = { ...manifest.dependencies, ...manifest.devDependencies }
  return packageFolders().filter((each) => each !== name && `@focus-api/${each}` in names)
}

function sources(folder, path) {
  return readdirSync(join(folder, path), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = `${path}/${entry.name}`
      if (entry.isDirectory()) return sources(folder, child)
      return /\.test(-d)?\.tsx?$/.test(entry.name) ? [] : [child]
    })
}
