import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FocusConfig } from './config-file.ts'
import type { CommandContext } from '../terminal/context.ts'
import { defaultDataFolder } from './data-folder.ts'

/** The database that is configured, or that a server left in this folder; null where there is neither. */
export function findDatabase(
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
  config: FocusConfig,
): NonNullable<FocusConfig['database']> | null {
  const configured = env.DATABASE_URL?.trim() || config.database
  if (configured) return configured
  const left = ['focus.db', join(defaultDataFolder, 'focus.db')].map((name) => join(cwd, name)).find(existsSync)
  return left === undefined ? null : `sqlite:${left}`
}

/** Whether the database is an SQLite file that does not exist yet: what only looks must not open it, which would make it. */
export function isMissingFile(database: NonNullable<FocusConfig['database']>, cwd: string): boolean {
  const file = typeof database === 'string' ? /^sqlite:(?:\/\/)?(.+)$/.exec(database)?.[1] : undefined
  return file !== undefined && file !== ':memory:' && !existsSync(resolve(cwd, file))
}

/**
 * The database as it may be shown: its address without the password and the values of its query, where a password or a
 * key may be too. Of an address that cannot be taken apart the scheme alone is left: nobody knows where its password is.
 */
export function describeDatabase(database: NonNullable<FocusConfig['database']>): string {
  if (typeof database !== 'string') return 'the application’s own'
  if (database.startsWith('sqlite:')) return database
  const url = URL.parse(database)
  if (url === null || url.host === '' || hidesCredentials(url))
    return `${/^[a-z][a-z\d+.-]*:/i.exec(database)?.[0] ?? ''}***`
  if (url.password !== '') url.password = '***'
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, '***')
  return url.href
}

/** `mysql://root:12/3@host/name`: an unescaped `/`, `?` or `#` in the password ends the host part in its middle. */
function hidesCredentials({ pathname, search, hash }: URL): boolean {
  return (pathname + search + hash).includes('@')
}
