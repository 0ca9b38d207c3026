import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { FocusConfig } from './config-file.ts'
import type { CommandContext } from './context.ts'
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

/** The database as it may be shown: its address without the password. */
export function describeDatabase(database: NonNullable<FocusConfig['database']>): string {
  if (typeof database !== 'string') return 'the application’s own'
  const url = URL.canParse(database) ? new URL(database) : null
  if (url === null || url.password === '') return database
  url.password = '***'
  return url.href
}
