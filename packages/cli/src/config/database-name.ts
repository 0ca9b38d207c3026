import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FocusConfig } from './config-file.ts'
import type { CommandContext } from '../terminal/context.ts'
import { defaultDataFolder } from './data-folder.ts'

/** Returns the configured database, or the one that an earlier server created in this folder, or null. */
export function findDatabase(
  { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>,
  config: FocusConfig,
): NonNullable<FocusConfig['database']> | null {
  const configured = env.DATABASE_URL?.trim() || config.database
  if (configured) return configured
  const left = ['focus.db', join(defaultDataFolder, 'focus.db')].map((name) => join(cwd, name)).find(existsSync)
  return left === undefined ? null : `sqlite:${left}`
}

/**
 * Returns whether the database is an SQLite file that does not exist. Opening it would create it, so read-only commands
 * check first.
 */
export function isMissingFile(database: NonNullable<FocusConfig['database']>, cwd: string): boolean {
  const file = typeof database === 'string' ? /^sqlite:(?:\/\/)?(.+)$/.exec(database)?.[1] : undefined
  return file !== undefined && file !== ':memory:' && !existsSync(resolve(cwd, file))
}

/**
 * Returns the address of a database without its password and query values, which can hold secrets. For an address that
 * cannot be parsed it returns only the scheme, because the position of the password is unknown.
 */
export function describeDatabase(database: NonNullable<FocusConfig['database']>): string {
  if (typeof database !== 'string') return 'the application’s own'
  if (database.startsWith('sqlite:')) return database
  const [first, ...others] = addressesOf(database).map(addressWithoutSecrets)
  if (first === undefined || first === null || others.includes(null))
    return `${/^[a-z][a-z\d+.-]*:/i.exec(database)?.[0] ?? ''}***`
  const hosts = [first, ...others].map((address) => address?.host ?? '')
  return withHosts(first, hosts)
}

/** The user may have the same text as the host. */
function withHosts({ href, host }: URL, hosts: readonly string[]): string {
  const position = href.indexOf(host, Math.max(href.indexOf('@'), href.indexOf('//')))
  return `${href.slice(0, position)}${hosts.join(',')}${href.slice(position + host.length)}`
}

/** Returns one address for each host of an address of several hosts. The last `@` before the name ends the password. */
function addressesOf(database: string): string[] {
  const [, before, hosts, after] = /^([^/]+:\/\/(?:[^/?#]*@)?)([^@/?#]*)(.*)$/s.exec(database) ?? []
  if (before === undefined || hosts === undefined || after === undefined) return [database]
  return hosts.split(',').map((host) => `${before}${host}${after}`)
}

function addressWithoutSecrets(database: string): URL | null {
  const url = URL.parse(database)
  if (url === null || url.host === '' || hidesCredentials(url)) return null
  if (url.password !== '') url.password = '***'
  for (const name of new Set(url.searchParams.keys())) url.searchParams.set(name, '***')
  return url
}

/**
 * Matches addresses such as `mysql://root:12/3@host/name`, where an unescaped `/`, `?` or `#` in the password ends the
 * host part early.
 */
function hidesCredentials({ pathname, search, hash }: URL): boolean {
  return (pathname + search + hash).includes('@')
}
