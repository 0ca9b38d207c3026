import { uses } from '../../common/actions.ts'
import { paragraphs, text } from '../../common/text.ts'
import type { NamedCommand, Toolchain } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { NodeProject } from '../found.ts'
import { nodeTests } from './node-tests.ts'
import { type PackageManagerCommands, packageManagerCommands } from './node-commands.ts'

/** Returns the CI commands of a Node repository: its own scripts where they exist, otherwise its installed tools. */
export function nodeToolchain(project: NodeProject, facts: Facts): Toolchain {
  const packageManager = packageManagerCommands(project.manager, project.yarnClassic)
  const setup = setupSteps(project)
  const { test, coverage } = nodeTests(project, packageManager, facts)
  const build = scriptCommand(project, packageManager, 'build', ['build'], facts)
  return {
    setup,
    install: [{ name: 'Install dependencies', run: packageManager.install }],
    lint: lintCommands(project, packageManager, facts),
    types: typeCommands(project, packageManager, facts),
    build: build === undefined ? null : { run: build },
    test,
    coverage,
    security: [{ name: 'Audit production dependencies', run: packageManager.audit }],
    securitySetup: setup,
    codeqlLanguage: 'javascript-typescript',
    semgrepConfigs: ['p/javascript', 'p/typescript', 'p/nodejs'],
    dependabotEcosystem: project.manager === 'bun' ? 'bun' : 'npm',
  }
}

function lintCommands(project: NodeProject, packageManager: PackageManagerCommands, facts: Facts): NamedCommand[] {
  const commands: NamedCommand[] = []
  const format = scriptCommand(
    project,
    packageManager,
    'format',
    ['format:check', 'check:format', 'format-check', 'prettier:check'],
    facts,
  )
  if (format !== undefined) commands.push({ name: 'Check the format', run: format })
  const lint =
    scriptCommand(project, packageManager, 'lint', ['lint:ci', 'lint', 'lint:check'], facts) ??
    lintTool(project, packageManager, facts)
  if (lint !== undefined) commands.push({ name: 'Lint', run: lint })
  else {
    facts.note('lint', 'none', 'no lint script, eslint, biome or oxlint')
    facts.warn(['ci'], 'No linter was found: add a `lint` script and run `focus init` again to get a lint step in CI.')
  }
  return commands
}

const linters = [
  ['eslint', 'eslint .'],
  ['@biomejs/biome', 'biome ci .'],
  ['oxlint', 'oxlint --deny-warnings'],
  ['xo', 'xo'],
  ['standard', 'standard'],
] as const

function lintTool(project: NodeProject, packageManager: PackageManagerCommands, facts: Facts): string | undefined {
  const tool = linters.find(([name]) => project.dependencies.has(name))
  if (tool === undefined) return undefined
  facts.note('lint', tool[1], `package.json: ${tool[0]}`)
  return packageManager.program(tool[1])
}

function typeCommands(project: NodeProject, packageManager: PackageManagerCommands, facts: Facts): NamedCommand[] {
  const names = ['typecheck', 'type-check', 'types', 'check-types', 'check:types', 'types:check', 'tsc']
  const script = scriptCommand(project, packageManager, 'types', names, facts)
  if (script !== undefined) return [{ name: 'Check types', run: script }]
  if (project.repository.has('tsconfig.json') && project.dependencies.has('typescript')) {
    facts.note('types', 'tsc --noEmit', 'tsconfig.json')
    return [{ name: 'Check types', run: packageManager.program('tsc --noEmit') }]
  }
  facts.note('types', 'none', 'no type-check script and no tsconfig.json with typescript installed')
  return []
}

/** Returns the first of `names` that is a script of the root, otherwise of the packages of the monorepo. */
function scriptCommand(
  project: NodeProject,
  packageManager: PackageManagerCommands,
  fact: string,
  names: readonly string[],
  facts: Facts,
): string | undefined {
  const own = names.find((name) => project.scripts.has(name))
  if (own !== undefined) {
    facts.note(fact, own, `package.json: scripts.${own}`)
    return packageManager.script(own)
  }
  for (const name of names) {
    const member = project.workspaces.find(({ manifest }) => hasScript(manifest, name))
    if (member === undefined || packageManager.everywhere === null) continue
    facts.note(fact, name, `${member.path}/package.json: scripts.${name}`)
    return packageManager.everywhere(name)
  }
  return undefined
}

function hasScript(manifest: Readonly<Record<string, unknown>>, name: string): boolean {
  const scripts = manifest['scripts']
  return typeof scripts === 'object' && scripts !== null && name in scripts
}

function setupSteps(project: NodeProject): string {
  if (project.manager === 'bun') return setupBun(project)
  const { version, manager, lockfile } = project
  const wanted = version.file === undefined ? `node-version: "${version.major}"` : `node-version-file: ${version.file}`
  const node = text`
    - name: Set up Node
      uses: ${uses('actions/setup-node')}
      with:
        ${wanted}
        ${lockfile === undefined ? 'package-manager-cache: false' : `cache: ${manager}`}
  `
  if (manager === 'pnpm') return paragraphs(setupPnpm(project), node)
  const corepack = text`
    - name: Set up Yarn
      run: corepack enable
  `
  return manager === 'yarn' && !project.yarnClassic ? paragraphs(corepack, node) : node
}

/** The action reads the version from `packageManager` and fails when it is given twice. */
function setupPnpm(project: NodeProject): string {
  const version = text`
    with:
      version: "${pnpmMajor(project)}"
  `
  return text`
    - name: Set up pnpm
      uses: ${uses('pnpm/action-setup')}
      ${project.pinned?.name === 'pnpm' ? '' : version}
  `
}

/** Returns the pnpm major version that writes the lockfile's format, when nothing pins one. */
export function pnpmMajor(project: NodeProject): number {
  if (project.pinned?.name === 'pnpm') return Number.parseInt(project.pinned.version, 10)
  const format = /^lockfileVersion:\s*'?(\d+)/m.exec(project.repository.read('pnpm-lock.yaml') ?? '')?.[1]
  return format === '6' || format === '5' ? 8 : 10
}

function setupBun(project: NodeProject): string {
  const pinned = project.pinned?.name === 'bun'
  const wanted = project.repository.has('.bun-version')
    ? 'bun-version-file: .bun-version'
    : pinned
      ? 'bun-version-file: package.json'
      : 'bun-version: "1.x"'
  return text`
    - name: Set up Bun
      uses: ${uses('oven-sh/setup-bun')}
      with:
        ${wanted}
  `
}
