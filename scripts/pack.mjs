import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { buildPackages } from './build.mjs'
import { ExpectedError, findNode, install, pnpm, root } from './workspace.mjs'

/** Packs every published package into a folder, and prints the command that installs them in another project. */
export async function pack([folder = 'artifacts/packages']) {
  await install()
  await buildPackages({ node: findNode(), types: true })
  const destination = resolve(folder)
  const tarballs = []
  for (const source of publishedPackages()) tarballs.push(await packPackage(source, destination))
  process.stdout.write(`In your project, run:\n\nnpm install \\\n  ${[...tarballs, 'kysely'].join(' \\\n  ')}\n`)
  return 0
}

/** Returns the folders of the packages that are published. */
export function publishedPackages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')) && !isPrivate(folder))
}

function isPrivate(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private === true
}

/** Packs one built package. Resolves with the path of the tarball. */
export async function packPackage(source, destination) {
  mkdirSync(destination, { recursive: true })
  const { code, output } = await pnpm(['pack', '--json', '--pack-destination', destination], source)
  if (code !== 0) throw new ExpectedError(`${source} could not be packed:\n${output}`)
  return resolve(destination, JSON.parse(output.slice(output.indexOf('{'))).filename)
}
