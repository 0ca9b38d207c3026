import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { ExpectedError } from './expected-error.mjs'
import { exclusively } from './lock.mjs'
import { pnpm } from './pnpm.mjs'
import { root } from './root.mjs'

const stamp = join(root, 'node_modules/.cache/focus-install')

/** Installs the dependencies that the lockfile names, unless they are there: then nothing is started and nothing is asked. */
export async function install() {
  const wanted = fingerprint()
  if (isInstalled(wanted)) return
  await exclusively(async () => {
    if (!isInstalled(wanted)) await installNow(wanted)
  })
}

function isInstalled(wanted) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted
}

async function installNow(wanted) {
  process.stderr.write('Installing dependencies …\n')
  const { code, output } = await pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'])
  if (code !== 0) throw new ExpectedError(`${output}\nThe dependencies could not be installed; see above.`)
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** Of every file that decides what an install brings. */
function fingerprint() {
  const manifests = ['packages', 'examples']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')))
  const hash = createHash('sha256')
  for (const path of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'bench/package.json', ...manifests]) {
    if (existsSync(join(root, path)))
      hash
        .update(path)
        .update('\0')
        .update(readFileSync(join(root, path)))
  }
  return hash.digest('hex')
}
