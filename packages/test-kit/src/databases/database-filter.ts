/** The databases that suites run over, by the names that `DATABASES` accepts. */
export const databaseNames = ['sqlite', 'mariadb', 'postgres'] as const
export type DatabaseName = (typeof databaseNames)[number]

/**
 * Returns the databases that a value of `DATABASES` selects, such as `sqlite` or `sqlite,mariadb`; all of them when it is
 * absent or empty.
 *
 * @throws Error on an unknown name
 */
export function selectedDatabases(filter: string | undefined): ReadonlySet<DatabaseName> {
  const names = (filter ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
  return new Set(names.length === 0 ? databaseNames : names.map(knownName))
}

/** Returns a line that says which databases are left out, or null when all run. */
export function describeFilter(selected: ReadonlySet<DatabaseName>): string | null {
  const skipped = databaseNames.filter((name) => !selected.has(name))
  if (skipped.length === 0) return null
  return `DATABASES=${[...selected].join(',')}: this run skips the suites on ${skipped.join(', ')}.`
}

function knownName(name: string): DatabaseName {
  const known = databaseNames.find((candidate) => candidate === name)
  if (known) return known
  throw new Error(`DATABASES: unknown database "${name}". Accepted: ${databaseNames.join(', ')}, separated by commas.`)
}
