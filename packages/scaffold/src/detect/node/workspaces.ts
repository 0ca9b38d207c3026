import { parse } from 'yaml'
import { isRecord, type Repository } from '../../common/repository.ts'

/** A package of a monorepo. */
export interface WorkspacePackage {
  readonly path: string
  readonly manifest: Readonly<Record<string, unknown>>
}

/**
 * Lists the packages of a monorepo, from `pnpm-workspace.yaml` or `workspaces` of package.json; empty for a single
 * package.
 */
export function findWorkspaces(repository: Repository, root: Readonly<Record<string, unknown>>): WorkspacePackage[] {
  const packages = new Map<string, WorkspacePackage>()
  for (const pattern of patterns(repository, root)) {
    for (const path of expand(repository, pattern)) {
      const manifest = repository.json(`${path}/package.json`)
      if (manifest !== undefined) packages.set(path, { path, manifest })
    }
  }
  return [...packages.values()]
}

function patterns(repository: Repository, root: Readonly<Record<string, unknown>>): string[] {
  const own = root['workspaces']
  const listed = isRecord(own) ? own['packages'] : own
  return [...stringList(listed), ...stringList(pnpmPackages(repository))].filter(
    (pattern) => !pattern.startsWith('!') && !pattern.startsWith('/') && !pattern.split('/').includes('..'),
  )
}

function pnpmPackages(repository: Repository): unknown {
  const source = repository.read('pnpm-workspace.yaml')
  if (source === undefined) return undefined
  try {
    const value: unknown = parse(source)
    return isRecord(value) ? value['packages'] : undefined
  } catch {
    return undefined
  }
}

function stringList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** Expands patterns such as `packages/*` and `packages/**`, one level deep. */
function expand(repository: Repository, pattern: string): string[] {
  let paths = ['']
  for (const part of pattern.replace(/\/+$/, '').replace(/^\.\//, '').split('/')) {
    paths = paths.flatMap((path) => step(repository, path, part))
  }
  return paths.filter((path) => path !== '')
}

function step(repository: Repository, path: string, part: string): string[] {
  const prefix = path === '' ? '' : `${path}/`
  if (!part.includes('*')) return [`${prefix}${part}`]
  const shape = new RegExp(`^${part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\*+/g, '.*')}$`)
  return repository
    .list(path)
    .filter(({ name, directory }) => directory && shape.test(name) && name !== 'node_modules' && !name.startsWith('.'))
    .map(({ name }) => `${prefix}${name}`)
}
