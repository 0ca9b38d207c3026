import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'

const root = resolve(import.meta.dirname, '..')
const stamps = join(root, 'node_modules/.cache/focus-build')

/**
 * Builds the JavaScript of every package whose source changed since its last build, all at once. Types are not built: nothing
 * in this workspace reads them.
 *
 * @returns {Promise<string[]>} names of the folders that were built
 */
export async function buildPackages() {
  const stale = packageFolders().filter((name) => !isFresh(name))
  await Promise.all(stale.map(buildPackage))
  return stale
}

function packageFolders() {
  return readdirSync(join(root, 'packages')).filter((name) =>
    existsSync(join(root, 'packages', name, 'tsup.config.ts')),
  )
}

function isFresh(name) {
  const stamp = join(stamps, name)
  return (
    existsSync(join(root, 'packages', name, 'dist')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === fingerprint(name)
  )
}

async function buildPackage(name) {
  const before = fingerprint(name)
  rmSync(join(stamps, name), { force: true })
  const { code, output } = await run(join(root, 'node_modules/tsup/dist/cli-default.js'), join(root, 'packages', name))
  if (code !== 0) throw new Error(`packages/${name} could not be built:\n${output}`)
  mkdirSync(stamps, { recursive: true })
  writeFileSync(join(stamps, name), before)
}

function run(script, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, '--no-dts'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes) => (output += bytes))
    child.stderr.on('data', (bytes) => (output += bytes))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

/** Of everything that the build of a package reads. Contents, not times: a switch of branches sets new times. */
function fingerprint(name) {
  const folder = join(root, 'packages', name)
  const hash = createHash('sha256')
  for (const path of ['package.json', 'tsup.config.ts', ...sources(folder, 'src')]) {
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(folder, path)))
      .update('\0')
  }
  return hash.digest('hex')
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
