import type { ImageRecipe } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { NodeProject } from '../found.ts'
import { pnpmMajor } from './node-toolchain.ts'
import { packageManagerCommands } from './node-commands.ts'

/** Returns the parts of the Dockerfile for a Node repository. */
export function nodeImage(project: NodeProject, facts: Facts): ImageRecipe {
  const packageManager = packageManagerCommands(project.manager, project.yarnClassic)
  const bun = project.manager === 'bun'
  if (project.manager === 'yarn' && !project.yarnClassic && usesPlugAndPlay(project)) {
    facts.warn(
      ['docker'],
      'Yarn installs without node_modules here, but the image starts `node` directly: set `nodeLinker: node-modules` in .yarnrc.yml, or change the CMD of the Dockerfile to `yarn node`.',
    )
  }
  const image = bun ? 'oven/bun:1-slim' : `node:${project.version.major}-bookworm-slim`
  return {
    buildImage: image,
    runtimeImage: image,
    manifests: manifests(project),
    prepare: prepare(project),
    install: [packageManager.install],
    build: project.scripts.has('build') ? [packageManager.script('build')] : [],
    prune: [project.manager === 'pnpm' && project.workspaces.length > 0 ? pnpmWorkspacePrune : packageManager.prune],
    user: bun ? 'bun' : 'node',
    start: startCommand(project, facts),
  }
}

function usesPlugAndPlay(project: NodeProject): boolean {
  return !/^nodeLinker:\s*["']?(?:node-modules|pnpm)\b/m.test(project.repository.read('.yarnrc.yml') ?? '')
}

/** `pnpm prune` works for a single package only. */
const pnpmWorkspacePrune = 'CI=true pnpm install --prod --frozen-lockfile --ignore-scripts --prefer-offline'

const managerFiles = ['.npmrc', '.yarnrc.yml', '.pnpmfile.cjs', 'pnpm-workspace.yaml', 'bunfig.toml']

function manifests(project: NodeProject): string[] {
  // The install of a monorepo needs the package.json of every package, so everything is copied first.
  if (project.workspaces.length > 0) return ['.']
  const files = ['package.json', ...(project.lockfile === undefined ? [] : [project.lockfile])]
  return [...files, ...managerFiles.filter((path) => project.repository.has(path))]
}

function prepare(project: NodeProject): string[] {
  if (project.manager === 'pnpm') {
    const version = project.pinned?.name === 'pnpm' ? project.pinned.version : String(pnpmMajor(project))
    return [`npm install --global pnpm@${version}`]
  }
  return project.manager === 'yarn' && !project.yarnClassic ? ['corepack enable'] : []
}

/**
 * Starts Node as the first process, so that it receives SIGTERM and can drain; a script runner would swallow the
 * signal.
 */
function startCommand(project: NodeProject, facts: Facts): string[] {
  const script = project.scripts.get('start')
  const direct = script === undefined ? null : /^(node|bun) ((?:[\w@./=:-]+)(?: [\w@./=:-]+)*)$/.exec(script.trim())
  if (direct?.[1] !== undefined && direct[2] !== undefined) {
    facts.note('start', `${direct[1]} ${direct[2]}`, 'package.json: scripts.start')
    return [direct[1], ...direct[2].split(' ')]
  }
  if (script !== undefined) {
    facts.note('start', `${project.manager} run start`, 'package.json: scripts.start')
    return [project.manager, 'run', 'start']
  }
  const runtime = project.manager === 'bun' ? 'bun' : 'node'
  const main = project.manifest['main']
  const entry =
    typeof main === 'string' && /^[\w@./-]+$/.test(main)
      ? main
      : ['server.js', 'index.js', 'app.js', 'src/server.js', 'src/index.js', 'src/server.ts', 'src/index.ts'].find(
          (path) => project.repository.has(path),
        )
  if (entry !== undefined) {
    facts.note('start', `${runtime} ${entry}`, typeof main === 'string' ? 'package.json: main' : entry)
    return [runtime, entry]
  }
  facts.note('start', `${runtime} server.js`, 'a guess')
  facts.warn(['docker'], 'No start command was found: add a `start` script. The Dockerfile assumes server.js.')
  return [runtime, 'server.js']
}
