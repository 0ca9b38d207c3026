import type { FocusOptions } from '../options/options.ts'
import { resolveOptions } from '../options/resolve.ts'
import { createRuntime } from '../common/runtime.ts'
import { isMissingFile, openDatabase } from '../storage/database.ts'
import {
  type MigrationResult,
  type MigrationStatus,
  migrateToLatest,
  migrationStatus,
} from '../storage/migrations/migrate.ts'

/**
 * Brings the tables of a database up to date without starting anything else. `createFocus` does so by itself; this is for
 * deployments that migrate in a step of their own.
 *
 * @param to name of the migration to stop at; the newest when absent
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export async function migrateDatabase(options: FocusOptions = {}, to?: string): Promise<MigrationResult> {
  const database = await openDatabase(
    resolveOptions(options, options.env ?? process.env).database,
    createRuntime(options),
  )
  try {
    return await migrateToLatest(database, to)
  } finally {
    await database.close()
  }
}

/**
 * Every migration that this version knows, in order, and when the database got it. An SQLite file that does not exist has
 * got none, and is not made.
 *
 * @throws FocusError `invalid_option`, `missing_dependency`, `storage_unavailable`
 */
export async function listMigrations(options: FocusOptions = {}): Promise<MigrationStatus[]> {
  const { database: source } = resolveOptions(options, options.env ?? process.env)
  const database = await openDatabase(isMissingFile(source) ? 'sqlite::memory:' : source, createRuntime(options))
  try {
    return await migrationStatus(database)
  } finally {
    await database.close()
  }
}
