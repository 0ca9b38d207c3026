import { isRecord } from '../common/repository.ts'

/** Returns the names of the packages that a package.json depends on. */
export function packageNames(manifest: Readonly<Record<string, unknown>>): string[] {
  return dependencyFields.flatMap((field) => {
    const group = manifest[field]
    return isRecord(group) ? Object.keys(group) : []
  })
}

const dependencyFields = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']

/** Returns the string entries of an object, such as `scripts`. */
export function strings(value: unknown): ReadonlyMap<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : []
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
