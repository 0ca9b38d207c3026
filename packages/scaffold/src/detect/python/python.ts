import { parse } from 'smol-toml'
import { gitHubSlug } from '../../common/git.ts'
import { ScaffoldError } from '../../common/scaffold-error.ts'
import type { Repository } from '../../common/repository.ts'
import { type Answers, type PythonPackageManager, pythonPackageManagers } from '../../common/project.ts'
import type { Facts } from '../facts.ts'
import type { Found, PythonProject } from '../found.ts'
import { choosePackageManager, type Hint, lockfileHints } from '../package-manager.ts'
import { pythonImage } from './python-image.ts'
import { pyprojectRequirements, requirementNames, requirementsFiles } from './python-requirements.ts'
import { pythonToolchain } from './python-toolchain.ts'
import { table } from './toml-table.ts'

const lockfiles = {
  uv: ['uv.lock'],
  poetry: ['poetry.lock'],
  pip: [],
} as const satisfies Record<PythonPackageManager, readonly string[]>

export function detectPython(repository: Repository, port: number, answers: Answers, facts: Facts): Found {
  const project = readPythonProject(repository, answers, facts)
  const manifest = repository.has('pyproject.toml') ? 'pyproject.toml' : (project.requirements[0] ?? 'setup.py')
  return {
    name: projectName(project.pyproject),
    repositoryUrl: repositoryUrl(project.pyproject),
    manifest,
    packageManager: project.manager,
    dependencies: project.dependencies,
    toolchain: pythonToolchain(project, facts),
    image: pythonImage(project, port, facts),
  }
}

function readPythonProject(repository: Repository, answers: Answers, facts: Facts): PythonProject {
  const pyproject = readPyproject(repository)
  const requirements = requirementsFiles(repository)
  const hints = [
    ...lockfileHints(repository, lockfiles, pythonPackageManagers),
    ...mentions(repository, pyproject, requirements),
  ]
  const manager = choosePackageManager(
    pythonPackageManagers,
    hints,
    {
      manager: 'pip',
      warning: 'There is no requirements.txt or lockfile: commit one, so that CI installs what you tested.',
    },
    answers,
    facts,
  )
  warnOfMissingLock(repository, manager, requirements, facts)
  return {
    repository,
    pyproject,
    manager,
    requirements,
    dependencies: new Set([
      ...pyprojectRequirements(pyproject),
      ...requirements.flatMap((path) => requirementNames(repository.read(path) ?? '')),
    ]),
    version: detectPythonVersion(repository, pyproject, facts),
  }
}

function readPyproject(repository: Repository): Readonly<Record<string, unknown>> {
  const source = repository.read('pyproject.toml')
  if (source === undefined) return {}
  try {
    return parse(source)
  } catch (cause) {
    throw new ScaffoldError('invalid_toml', 'pyproject.toml is not valid TOML.', {
      hint: 'Fix pyproject.toml, then run the command again.',
      cause,
    })
  }
}

function projectName(pyproject: Readonly<Record<string, unknown>>): string | undefined {
  for (const place of [table(pyproject, 'project'), table(pyproject, 'tool', 'poetry')]) {
    if (typeof place['name'] === 'string') return place['name']
  }
  return undefined
}

/** Returns the first GitHub address among the project's URLs. */
function repositoryUrl(pyproject: Readonly<Record<string, unknown>>): string | undefined {
  const urls = [...Object.values(table(pyproject, 'project', 'urls')), table(pyproject, 'tool', 'poetry')['repository']]
  return urls.find((url) => typeof url === 'string' && gitHubSlug(url) !== null)?.toString()
}

function mentions(
  repository: Repository,
  pyproject: Readonly<Record<string, unknown>>,
  requirements: readonly string[],
): Hint<PythonPackageManager>[] {
  const tool = table(pyproject, 'tool')
  const hints: Hint<PythonPackageManager>[] = []
  if ('poetry' in tool) hints.push({ manager: 'poetry', from: 'pyproject.toml: tool.poetry', binding: false })
  if ('uv' in tool) hints.push({ manager: 'uv', from: 'pyproject.toml: tool.uv', binding: false })
  const pip = requirements[0] ?? ['setup.py', 'setup.cfg'].find((path) => repository.has(path))
  if (pip !== undefined) hints.push({ manager: 'pip', from: pip, binding: false })
  return hints
}

function warnOfMissingLock(
  repository: Repository,
  manager: PythonPackageManager,
  requirements: readonly string[],
  facts: Facts,
): void {
  const lock = lockfiles[manager].find((path) => repository.has(path))
  if (manager !== 'pip' && lock === undefined) {
    facts.warn(
      ['ci', 'docker'],
      `There is no ${manager}.lock, but CI installs from it: run \`${manager} lock\` and commit it.`,
    )
  }
  const loose = requirements.find((path) => !isFullyPinned(repository.read(path) ?? ''))
  if (manager === 'pip' && loose !== undefined) {
    facts.warn(
      ['ci', 'docker'],
      `${loose} does not pin every version: compile it with \`uv pip compile --generate-hashes\` or pip-compile, so that CI installs what you tested.`,
    )
  }
}

function isFullyPinned(source: string): boolean {
  const wanted = source.split(/\r?\n/).filter((line) => /^[A-Za-z0-9]/.test(line))
  return wanted.every((line) => /===?|\s@\s/.test(line))
}

const defaultVersion = '3.13'

/** Detects the `X.Y` version from the most exact file or field. */
function detectPythonVersion(
  repository: Repository,
  pyproject: Readonly<Record<string, unknown>>,
  facts: Facts,
): PythonProject['version'] {
  const file = /^(?:cpython-|python-)?(3\.\d{1,2})(?:\.\d+)?\s*$/m.exec(repository.read('.python-version') ?? '')?.[1]
  if (file !== undefined) {
    facts.note('python', file, '.python-version')
    return { minor: file, file: '.python-version' }
  }
  const range =
    table(pyproject, 'project')['requires-python'] ?? table(pyproject, 'tool', 'poetry', 'dependencies')['python']
  const minor = typeof range === 'string' ? minorOfRange(range) : undefined
  facts.note('python', minor ?? defaultVersion, minor === undefined ? 'the default' : 'pyproject.toml')
  return { minor: minor ?? defaultVersion, file: undefined }
}

/** Returns the newest minor version up to the default that a specifier such as `>=3.10,<3.13` or `^3.11` allows. */
function minorOfRange(range: string): string | undefined {
  const newest = Number(defaultVersion.slice(2))
  let low: number | undefined
  let high = newest
  for (const [, operator = '==', digits] of range.matchAll(/(>=|<=|==|~=|\^|~|>|<)?\s*3\.(\d{1,2})/g)) {
    const minor = Number(digits)
    if (operator === '<') high = Math.min(high, minor - 1)
    else if (operator === '<=') high = Math.min(high, minor)
    else if (operator === '==' || operator === '~') return `3.${minor}`
    else low = Math.max(low ?? 0, minor)
  }
  if (low === undefined && high === newest) return undefined
  return `3.${Math.max(low ?? high, high)}`
}
