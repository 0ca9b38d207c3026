import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type ProgramName =
  | 'mariadb'
  | 'postgres'
  | 'pgbouncer'
  | 'redis'
  | 'nginx'
  | 'chromium'
  | 'curl'
  | 'shellcheck'
  | 'jq'
  | 'openssl'

interface Requirement {
  /** Names to look for; the first one found is used. */
  readonly binaries: readonly string[]
  readonly debianPackage: string
  readonly purpose: string
}

const requirements: Record<ProgramName, Requirement> = {
  mariadb: {
    binaries: ['mariadbd', 'mysqld'],
    debianPackage: 'mariadb-server',
    purpose: 'the storage tests run on a real MariaDB',
  },
  postgres: {
    binaries: ['postgres'],
    debianPackage: 'postgresql',
    purpose: 'the storage tests run on a real PostgreSQL',
  },
  pgbouncer: {
    binaries: ['pgbouncer'],
    debianPackage: 'pgbouncer',
    purpose: 'the storage tests run behind a real connection pooler',
  },
  redis: {
    binaries: ['redis-server', 'valkey-server'],
    debianPackage: 'redis-server',
    purpose: 'the tests of several nodes run on a real Redis',
  },
  nginx: {
    binaries: ['nginx'],
    debianPackage: 'nginx-light',
    purpose: 'the reverse-proxy tests run behind a real nginx',
  },
  chromium: {
    binaries: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    debianPackage: 'chromium',
    purpose: 'the browser tests sign in with a real browser',
  },
  curl: {
    binaries: ['curl'],
    debianPackage: 'curl',
    purpose: 'the examples of the guide are run as they are written',
  },
  shellcheck: {
    binaries: ['shellcheck'],
    debianPackage: 'shellcheck',
    purpose: 'the generated scripts are checked with it',
  },
  jq: {
    binaries: ['jq'],
    debianPackage: 'jq',
    purpose: 'the steps of the generated workflows are run as they are written',
  },
  openssl: {
    binaries: ['openssl'],
    debianPackage: 'openssl',
    purpose: 'the generated nginx configuration is loaded with a certificate',
  },
}

/** Debian installs servers in folders that are not on an ordinary user's PATH. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/bin', '/usr/local/bin']

/** Debian keeps each version of PostgreSQL in a folder of its own; the newest comes first. */
function postgresFolders(): string[] {
  const versions = existsSync(postgresRoot) ? readdirSync(postgresRoot) : []
  return versions.toSorted((a, b) => Number(b) - Number(a)).map((version) => join(postgresRoot, version, 'bin'))
}

const postgresRoot = '/usr/lib/postgresql'

/** Returns the path of `name` on PATH or in the system's folders, or null. */
export function findBinary(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...systemFolders, ...postgresFolders()]
  for (const folder of folders) {
    const candidate = join(folder, name)
    if (folder !== '' && isExecutable(candidate)) return candidate
  }
  return null
}

/**
 * Returns the path of a program that the tests need. Installs a missing program on Debian as root; on other systems, the error
 * names the package to install. No test is skipped because a program is missing.
 */
export function requireBinary(program: ProgramName): string {
  const requirement = requirements[program]
  const found = firstOf(requirement.binaries)
  if (found) return found
  install(requirement)
  const installed = firstOf(requirement.binaries)
  if (installed) return installed
  throw new Error(
    `${requirement.debianPackage} was installed, but ${requirement.binaries.join(' or ')} is not on PATH.`,
  )
}

function install({ binaries, debianPackage, purpose }: Requirement): void {
  const names = binaries.join(' or ')
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && findBinary('apt-get')
  if (!mayInstall) {
    throw new Error(
      `${names} is not on PATH, and ${purpose}. On Debian or Ubuntu: \`sudo apt-get install ${debianPackage}\`; ` +
        `on other systems, install the package that provides ${names}.`,
    )
  }
  process.stderr.write(`Installing the Debian package ${debianPackage}, because ${purpose}.\n`)
  // Debian would start the server that it installs; the tests start their own.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const options = ['-o', 'DPkg::Lock::Timeout=300', '-q', '-y']
  run('apt-get', [...options, 'update'], environment)
  run('apt-get', [...options, 'install', '--no-install-recommends', debianPackage], environment)
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`\`${command} ${args.join(' ')}\` ended with ${status}:\n${stdout}${stderr}`)
}

function firstOf(names: readonly string[]): string | null {
  for (const name of names) {
    const path = findBinary(name)
    if (path) return path
  }
  return null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
