import { isRecord, type Repository } from '../../common/repository.ts'

const production = ['requirements.txt', 'requirements/base.txt', 'requirements/prod.txt', 'requirements/production.txt']
const development = [
  'requirements-dev.txt',
  'requirements_dev.txt',
  'dev-requirements.txt',
  'requirements-test.txt',
  'requirements/dev.txt',
  'requirements/test.txt',
]

/** Lists the requirement files that exist, production first. */
export function requirementsFiles(repository: Repository): string[] {
  return [...production, ...development].filter((path) => repository.has(path))
}

export function isProductionFile(path: string): boolean {
  return production.includes(path)
}

/** Returns the package names of a requirements file, normalized as in PEP 503. */
export function requirementNames(source: string): string[] {
  return source.split(/\r?\n/).flatMap((line) => nameOf(line) ?? [])
}

/** Returns the package names in the dependency tables of pyproject.toml. */
export function pyprojectRequirements(pyproject: Readonly<Record<string, unknown>>): string[] {
  const project = record(pyproject['project'])
  const tool = record(pyproject['tool'])
  const poetry = record(tool['poetry'])
  const lists = [
    project['dependencies'],
    ...Object.values(record(project['optional-dependencies'])),
    ...Object.values(record(pyproject['dependency-groups'])),
    record(tool['uv'])['dev-dependencies'],
  ]
  const groups = [
    poetry['dependencies'],
    poetry['dev-dependencies'],
    ...Object.values(record(poetry['group'])).map((group) => record(group)['dependencies']),
  ]
  return [
    ...lists
      .flatMap((list) => (Array.isArray(list) ? list : []))
      .flatMap((item) => (typeof item === 'string' ? (nameOf(item) ?? []) : [])),
    ...groups.flatMap((group) => Object.keys(record(group)).map(normalise)),
  ]
}

function nameOf(requirement: string): string | undefined {
  const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(requirement)?.[1]
  return name === undefined ? undefined : normalise(name)
}

function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}
