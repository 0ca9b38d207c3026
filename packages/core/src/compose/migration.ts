import type { FocusOptions } from '../options/options.ts'
import { resolveOptions } from '../options/resolve.ts'
import { isMissingFile, openDatabase } from '../storage/database.ts'
import {
  type MigrationResult,
  type MigrationStatus,
  migrateToLatest,
  migrationStatus,
} from '../storage/migrations/migrate.ts'
import { configuredRuntime } from './configured-runtime.ts'

/**
 * Brings the tables of a database up to date without starting anything else, for deployments that migrate in a separate
 * step. `createFocus` migrates by itself.
 *
 * @param to name of the migration to stop at; the newest when absent
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export async function migrateDatabase(options: FocusOptions = {}, to?: string): Promise<MigrationResult> {
  const settings = resolveOptions(options, options.env ?? process.env)
  const database = await openDatabase(settings.storage.database, configuredRuntime(settings))
  try {
    return await migrateToLatest(database, to)
  } finally {
    await database.close()
  }
}

/**
 * Lists every migration that this version knows, in order, with the time when the database got it. An SQLite file that does
 * not exist has no migrations, and is not created.
 *
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export async function listMigrations(options: FocusOptions = {}): Promise<MigrationStatus[]> {
  const settings = resolveOptions(options, options.env ?? process.env)
  const source = settings.storage.database
  const database = await openDatabase(isMissingFile(source) ? 'sqlite::memory:' : source, configuredRuntime(settings))
  try {
    return await migrationStatus(database)
  } finally {
    await database.close()
  }
}
