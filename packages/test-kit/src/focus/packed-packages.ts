import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { buildPackages } from '../../../../scripts/build.mjs'
import { packPackage, publishedPackages } from '../../../../scripts/pack.mjs'
import { temporaryFolder } from '../processes/temporary-folder.ts'

const workspace = resolve(import.meta.dirname, '../../../..')

export interface PackedPackage {
  /** Such as `@focus-api/core`. */
  readonly name: string
  readonly tarball: string
  /** The folder of the unpacked package: `node_modules/<name>` of the project. */
  readonly folder: string
  readonly manifest: Manifest
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A project with the packages as they are published. */
export interface ConsumerProject {
  readonly folder: string
  readonly packages: readonly PackedPackage[]
}

/**
 * Builds and packs every published package and unpacks them into a new project. Beside each package lie the dependencies that its packed
 * manifest declares, and no others: a package that is used but not declared is not found, as in an application.
 */
export async function packIntoProject(): Promise<ConsumerProject> {
  await buildPackages({ types: true })
  const folder = temporaryFolder('packed')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module', private: true }))
  const packages = []
  for (const source of publishedPackages()) packages.push(await packInto(folder, source))
  linkApplication(folder)
  return { folder, packages }
}

/** The packages that an application installs beside Focus. */
function linkApplication(project: string): void {
  const installed = {
    'packages/adapters': ['express', '@types/express'],
    'packages/client': ['react', '@types/react'],
    '.': ['kysely', '@types/node'],
  }
  for (const [source, names] of Object.entries(installed)) {
    for (const name of names) link(join(workspace, source, 'node_modules', name), join(project, 'node_modules', name))
  }
}

async function packInto(project: string, source: string): Promise<PackedPackage> {
  const tarball = await packPackage(source, project)
  const { name } = readManifest(source)
  const folder = join(project, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  const { status, stderr } = spawnSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${tarball} could not be unpacked:\n${stderr}`)
  const manifest = readManifest(folder)
  linkDependencies(manifest, source, folder)
  return { name, tarball, folder, manifest }
}

function linkDependencies(manifest: Manifest, source: string, folder: string): void {
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }
  for (const name of Object.keys(declared).filter((each) => !each.startsWith('@focus-api/'))) {
    const installed = join(source, 'node_modules', name)
    if (existsSync(installed)) link(installed, join(folder, 'node_modules', name))
  }
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
