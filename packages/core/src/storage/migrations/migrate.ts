import { type Kysely, sql } from 'kysely'
import {
  type Migration as KyselyMigration,
  type MigrationResultSet,
  Migrator,
  type MigratorProps,
} from 'kysely/migration'
import { FocusError } from '../../common/errors.ts'
import type { Database } from '../database.ts'
import { driverErrorOf, DuplicateKeyError, messageOf, StorageError } from '../dialects/storage-error.ts'
import type { Server } from '../dialects/servers/server.ts'
import type { FocusTables } from '../tables.ts'
import { migrations } from './all.ts'
import type { CreateTable, MigrationStep } from './migration-step.ts'

/** The outcome of bringing a database up to date. */
export interface MigrationResult {
  /** Names of the migrations that this call applied, in order. */
  readonly applied: readonly string[]
  /** Name of the newest migration that the database now has. */
  readonly current: string | null
}

export interface MigrationStatus {
  readonly name: string
  readonly appliedAt: Date | null
}

type Migrations = Omit<MigratorProps, 'db'>

const tableNames = { migrationTableName: 'focus_migration', migrationLockTableName: 'focus_migration_lock' }

/**
 * Applies the pending migrations. Safe when several nodes start at the same time: on MySQL the steps run under a named lock; on SQLite
 * and PostgreSQL they run in one transaction, which is tried again while another process holds the file or the lock.
 *
 * @throws FocusError `storage_unavailable` when a step fails; later steps do not run.
 */
export async function migrateToLatest(database: Database, to?: string): Promise<MigrationResult> {
  const migrations = await createMigrations(database)
  for (let attempt = 1; ; attempt += 1) {
    const { error, results } = await migrateOnce(database, migrations, to)
    if (error === undefined) {
      const applied = (results ?? []).filter((r) => r.status === 'Success').map((r) => r.migrationName)
      for (const name of applied) database.debug('migration applied', { name })
      const status = await migrationStatus(database)
      return { applied, current: status.findLast((step) => step.appliedAt !== null)?.name ?? null }
    }
    if (!isRace(error) || attempt === 20) {
      const failed = results?.find((result) => result.status === 'Error')
      const problem = database.startProblem(error)
      throw new FocusError(
        'storage_unavailable',
        `The database could not be migrated${failed ? ` at ${failed.migrationName}` : ''}: ${problem?.message ?? messageOf(driverErrorOf(error))}`,
        { cause: error, ...(problem && { hint: problem.hint }) },
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 25 * attempt))
  }
}

/** Returns every known migration and when this database got it. */
export async function migrationStatus(database: Database): Promise<MigrationStatus[]> {
  const migrator = new Migrator({ ...(await createMigrations(database)), db: database.migrating })
  const infos = await migrator.getMigrations()
  return infos.map((info) => ({ name: info.name, appliedAt: info.executedAt ?? null }))
}

/** Runs the steps once: where DDL is part of transactions, in one transaction under a lock that ends with it. */
async function migrateOnce(database: Database, migrations: Migrations, to?: string): Promise<MigrationResultSet> {
  const migrate = (db: Kysely<FocusTables>) => {
    const migrator = new Migrator({ ...migrations, db })
    return to === undefined ? migrator.migrateToLatest() : migrator.migrateTo(to)
  }
  const { migrationLock } = database.syntax
  if (migrationLock === null) return migrate(database.migrating)
  try {
    return await database.migrating.transaction().execute(async (trx) => {
      await sql.raw(migrationLock).execute(trx)
      const outcome = await migrate(trx)
      if (outcome.error !== undefined) throw new RolledBack(outcome)
      return outcome
    })
  } catch (error) {
    return error instanceof RolledBack ? error.outcome : { error }
  }
}

/** Carries the outcome of failed steps out of their transaction. */
class RolledBack extends Error {
  readonly outcome: MigrationResultSet

  constructor(outcome: MigrationResultSet) {
    super('the migrations were rolled back')
    this.outcome = outcome
  }
}

async function createMigrations(database: Database): Promise<Migrations> {
  const { flavour } = await serverOf(database)
  const createTable: CreateTable = (table) => database.createTable(table, flavour)
  return {
    provider: {
      getMigrations: async () => Object.fromEntries(migrations.map((step) => [step.name, toKysely(step, createTable)])),
    },
    ...tableNames,
  }
}

function toKysely(step: MigrationStep, createTable: CreateTable): KyselyMigration {
  return {
    async up(db) {
      for (const statement of step.statements(createTable)) await sql.raw(statement).execute(db)
    },
  }
}

async function serverOf(database: Database): Promise<Server> {
  try {
    return await database.server()
  } catch (error) {
    if (error instanceof FocusError && !(error instanceof StorageError)) throw error
    const problem = database.startProblem(error)
    if (problem) {
      throw new FocusError('storage_unavailable', `The database cannot be used: ${problem.message}.`, {
        hint: problem.hint,
        cause: error,
      })
    }
    throw new FocusError('storage_unavailable', `The database does not answer: ${messageOf(driverErrorOf(error))}.`, {
      hint: 'Check that the database runs, and the host, port, name, user and password of DATABASE_URL.',
      cause: error,
    })
  }
}

/** Another process holds the lock, or has just applied the same step; every statement can run again. */
function isRace(error: unknown): boolean {
  if (error instanceof DuplicateKeyError) return true
  return error instanceof StorageError && error.failure === 'contention'
}
