import { shellWord } from '../../common/text.ts'
import type { NodePackageManager } from '../../common/project.ts'

/** The commands of each package manager. */
export interface PackageManagerCommands {
  /** Installs the exact versions of the lockfile, or fails. */
  readonly install: string
  readonly script: (name: string) => string
  /** Runs a script with additional arguments. */
  readonly scriptWith: (name: string, args: string) => string
  /** Runs a program of an installed package; never downloads one. */
  readonly program: (command: string) => string
  /** Runs a script in every workspace package that has it; null when the manager cannot skip the others. */
  readonly everywhere: ((name: string) => string) | null
  /** Fails on a known vulnerability of severity high or critical in production dependencies. */
  readonly audit: string
  /** Removes everything except production dependencies from node_modules. */
  readonly prune: string
}

export function packageManagerCommands(manager: NodePackageManager, yarnClassic: boolean): PackageManagerCommands {
  if (manager === 'yarn') return yarnClassic ? yarn1 : yarn
  return { npm, pnpm, bun }[manager]
}

const npm: PackageManagerCommands = {
  install: 'npm ci',
  script: (name) => (name === 'test' ? 'npm test' : `npm run ${shellWord(name)}`),
  scriptWith: (name, args) => `${npm.script(name)} -- ${args}`,
  program: (command) => `npx --no-install ${command}`,
  everywhere: (name) => `npm run ${shellWord(name)} --workspaces --if-present`,
  audit: 'npm audit --omit=dev --audit-level=high',
  prune: 'npm prune --omit=dev',
}

const pnpm: PackageManagerCommands = {
  install: 'pnpm install --frozen-lockfile',
  script: (name) => `pnpm run ${shellWord(name)}`,
  scriptWith: (name, args) => `${pnpm.script(name)} ${args}`,
  program: (command) => `pnpm exec ${command}`,
  everywhere: (name) => `pnpm --recursive --if-present run ${shellWord(name)}`,
  audit: 'pnpm audit --prod --audit-level=high',
  prune: 'CI=true pnpm prune --prod --ignore-scripts',
}

const yarn: PackageManagerCommands = {
  install: 'yarn install --immutable',
  script: (name) => `yarn run ${shellWord(name)}`,
  scriptWith: (name, args) => `${yarn.script(name)} ${args}`,
  program: (command) => `yarn run ${command}`,
  everywhere: (name) => `yarn workspaces foreach --all run ${shellWord(name)}`,
  audit: 'yarn npm audit --all --recursive --environment production --severity high',
  prune: 'yarn workspaces focus --all --production',
}

const yarn1: PackageManagerCommands = {
  ...yarn,
  install: 'yarn install --frozen-lockfile',
  script: (name) => `yarn run --silent ${shellWord(name)}`,
  scriptWith: (name, args) => `${yarn1.script(name)} ${args}`,
  everywhere: null,
  // Yarn 1 exits with a bit mask of the severities it found, regardless of --level: 8 is high, 16 is critical.
  audit: 'status=0; yarn audit --groups dependencies --level high || status=$?; test "$status" -lt 8',
  prune: 'yarn install --frozen-lockfile --production --ignore-scripts --prefer-offline',
}

const bun: PackageManagerCommands = {
  install: 'bun install --frozen-lockfile',
  script: (name) => `bun run ${shellWord(name)}`,
  scriptWith: (name, args) => `${bun.script(name)} ${args}`,
  program: (command) => `bun run ${command}`,
  everywhere: (name) => `bun run --filter '*' ${shellWord(name)}`,
  audit: 'bun audit --production --audit-level=high',
  prune: 'rm -rf node_modules && bun install --frozen-lockfile --production',
}
