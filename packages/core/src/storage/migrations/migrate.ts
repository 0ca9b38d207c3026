import { type Kysely, sql } from 'kysely'
import { type Migration as KyselyMigration, type MigrationResultSet, Migrator } from 'kysely/migration'
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

const tableNames = { migrationTableName: 'focus_migration', migrationLockTableName: 'focus_migration_lock' }
const known = migrations.map((step) => step.name)

/**
 * Applies the pending migrations. Safe when several nodes start at the same time: on MySQL the steps run under a named lock, on
 * PostgreSQL in one transaction under a lock; on SQLite every statement and every move may run again, and beside another process.
 *
 * @param to name of the migration to stop at; the newest when absent
 * @throws FocusError `storage_unavailable` when a step fails; later steps do not run.
 */
export async function migrateToLatest(database: Database, to?: string): Promise<MigrationResult> {
  const { flavour } = await serverOf(database)
  const createTable: CreateTable = (table) => database.createTable(table, flavour)
  const before = await appliedNames(database)
  const wanted = known.slice(0, to === undefined ? undefined : known.indexOf(to) + 1)
  // Kysely refuses a database that has migrations of a newer version.
  const isComplete = before.every((name) => known.includes(name)) && wanted.every((name) => before.includes(name))
  if (isComplete) return { applied: [], current: newestOf(before) }
  const applied: string[] = []
  for (const { name, moves } of migrations) {
    const move = moves?.[database.dialect]
    if (!move || before.includes(name) || !wanted.includes(name)) continue
    applied.push(...(await runSteps(database, createTable, known[known.indexOf(name) - 1])))
    await repeatRaces(() => move({ db: database.migrating, logger: database.logger, createTable })).catch(
      (error: unknown) => {
        throw cannotMigrate(database, name, error)
      },
    )
  }
  applied.push(...(await runSteps(database, createTable, to)))
  for (const name of applied) database.debug('migration applied', { name })
  return { applied, current: newestOf(await appliedNames(database)) }
}

/** Returns every known migration and when this database got it. */
export async function migrationStatus(database: Database): Promise<MigrationStatus[]> {
  const { flavour } = await serverOf(database)
  const migrator = createMigrator(database.migrating, (table) => database.createTable(table, flavour))
  const infos = await migrator.getMigrations()
  return infos.map((info) => ({ name: info.name, appliedAt: info.executedAt ?? null }))
}

/** Runs the pending steps up to one of them, and returns their names. */
async function runSteps(database: Database, createTable: CreateTable, to: string | undefined): Promise<string[]> {
  let failed: string | undefined
  const results = await repeatRaces(async () => {
    const outcome = await migrateOnce(database, createTable, to)
    failed = outcome.results?.find((step) => step.status === 'Error')?.migrationName
    if (outcome.error !== undefined) throw outcome.error
    return outcome.results ?? []
  }).catch((error: unknown) => {
    throw cannotMigrate(database, failed, error)
  })
  return results.filter((step) => step.status === 'Success').map((step) => step.migrationName)
}

/** Runs the steps once: where DDL is part of transactions, in one transaction under a lock that ends with it. */
async function migrateOnce(
  database: Database,
  createTable: CreateTable,
  to: string | undefined,
): Promise<MigrationResultSet> {
  const migrate = (db: Kysely<FocusTables>) => {
    const migrator = createMigrator(db, createTable)
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

function createMigrator(db: Kysely<FocusTables>, createTable: CreateTable): Migrator {
  const steps = migrations.map((step) => [step.name, toKysely(step, createTable)])
  return new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(steps) }, ...tableNames })
}

function toKysely(step: MigrationStep, createTable: CreateTable): KyselyMigration {
  return {
    async up(db) {
      for (const statement of step.statements(createTable)) await sql.raw(statement).execute(db)
    },
  }
}

/** Returns the names that Kysely has recorded; none when its table is missing. */
async function appliedNames(database: Database): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from ${sql.table(tableNames.migrationTableName)}`.execute(
      database.migrating,
    )
    return rows.map(({ name }) => name)
  } catch {
    // Kysely creates the table, or reports why it cannot.
    return []
  }
}

function newestOf(applied: readonly string[]): string | null {
  return known.findLast((name) => applied.includes(name)) ?? null
}

function cannotMigrate(database: Database, step: string | undefined, error: unknown): FocusError {
  const problem = database.startProblem(error)
  const hint = problem?.hint ?? (error instanceof FocusError ? error.hint : undefined)
  return new FocusError(
    'storage_unavailable',
    `The database could not be migrated${step ? ` at ${step}` : ''}: ${problem?.message ?? messageOf(driverErrorOf(error))}`,
    { cause: error, ...(hint && { hint }) },
  )
}

/** Runs work again while another process is in its way. */
async function repeatRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isRace(error) || attempt === 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 25 * attempt))
    }
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
