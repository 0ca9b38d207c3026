import { isRecord, type Repository } from '../../common/repository.ts'
import { type Answers, type NodePackageManager, nodePackageManagers } from '../../common/project.ts'
import { packageNames, strings } from '../dependencies.ts'
import type { Facts } from '../facts.ts'
import type { Found, NodeProject } from '../found.ts'
import { nodeImage } from './node-image.ts'
import { nodeToolchain } from './node-toolchain.ts'
import { choosePackageManager, type Hint, lockfileHints } from '../package-manager.ts'
import { detectNodeVersion } from './node-version.ts'
import { findWorkspaces } from './workspaces.ts'

const lockfiles = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json'],
  pnpm: ['pnpm-lock.yaml'],
  yarn: ['yarn.lock'],
  bun: ['bun.lock', 'bun.lockb'],
} as const satisfies Record<NodePackageManager, readonly string[]>

export function detectNode(repository: Repository, answers: Answers, facts: Facts): Found {
  const project = readNodeProject(repository, answers, facts)
  const name = project.manifest['name']
  return {
    name: typeof name === 'string' ? name : undefined,
    repositoryUrl: repositoryUrl(project.manifest['repository']),
    manifest: 'package.json',
    packageManager: project.manager,
    dependencies: project.dependencies,
    toolchain: nodeToolchain(project, facts),
    image: nodeImage(project, facts),
  }
}

/** Reads `repository` of package.json: an address, `owner/name`, or an object that holds either. */
function repositoryUrl(field: unknown): string | undefined {
  const url = isRecord(field) ? field['url'] : field
  if (typeof url !== 'string') return undefined
  return /^[\w.-]+\/[\w.-]+$/.test(url) ? `github:${url}` : url
}

function readNodeProject(repository: Repository, answers: Answers, facts: Facts): NodeProject {
  const manifest = repository.json('package.json') ?? {}
  const pinned = pinnedManager(manifest['packageManager'])
  const hints = [...lockfileHints(repository, lockfiles, nodePackageManagers), ...mentions(repository, pinned)]
  const manager = choosePackageManager(
    nodePackageManagers,
    hints,
    {
      manager: 'npm',
      warning: 'There is no lockfile, but CI installs from one: run `npm install` and commit package-lock.json.',
    },
    answers,
    facts,
  )
  const lockfile = lockfiles[manager].find((path) => repository.has(path))
  if (lockfile === undefined && hints.length + (answers.pm === undefined ? 0 : 1) > 0) {
    facts.warn(
      ['ci', 'docker'],
      `There is no lockfile of ${manager}, but CI installs from one: run \`${manager} install\` and commit it.`,
    )
  }
  const workspaces = findWorkspaces(repository, manifest)
  if (workspaces.length > 0) facts.note('workspaces', String(workspaces.length), workspaces[0]?.path ?? '')
  return {
    repository,
    manifest,
    manager,
    yarnClassic: manager === 'yarn' && isYarnClassic(repository, pinned?.version),
    lockfile,
    scripts: strings(manifest['scripts']),
    dependencies: new Set([manifest, ...workspaces.map((member) => member.manifest)].flatMap(packageNames)),
    workspaces,
    version: detectNodeVersion(repository, manifest, facts),
    pinned,
  }
}

function pinnedManager(field: unknown): NodeProject['pinned'] {
  const match = typeof field === 'string' ? /^(npm|pnpm|yarn|bun)@(\d[\w.-]*)/.exec(field) : null
  return match?.[1] === undefined || match[2] === undefined ? undefined : { name: match[1], version: match[2] }
}

function mentions(repository: Repository, pinned: NodeProject['pinned']): Hint<NodePackageManager>[] {
  const hints: Hint<NodePackageManager>[] = []
  const named = nodePackageManagers.find((manager) => manager === pinned?.name)
  if (named !== undefined) hints.push({ manager: named, from: 'package.json: packageManager', binding: true })
  const configuration = { pnpm: 'pnpm-workspace.yaml', yarn: '.yarnrc.yml', bun: 'bunfig.toml' } as const
  for (const manager of ['pnpm', 'yarn', 'bun'] as const) {
    const from = configuration[manager]
    if (repository.has(from)) hints.push({ manager, from, binding: false })
  }
  return hints
}

/** Yarn 1 uses another lockfile format and other commands than later versions. */
function isYarnClassic(repository: Repository, pinned: string | undefined): boolean {
  if (pinned !== undefined) return pinned.startsWith('1.')
  const lock = repository.read('yarn.lock')
  if (lock !== undefined) return !/^__metadata:/m.test(lock)
  return !repository.has('.yarnrc.yml')
}
