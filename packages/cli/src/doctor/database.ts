import { listMigrations } from '@focus-api/core/internal'
import type { FocusConfig } from '../config/config-file.ts'
import { describeDatabase, isMissingFile } from '../config/database-name.ts'
import { failed, type Finding, fixOf, ok, reasonOf, skipped, warning } from './finding.ts'

/** Whether the database answers, and has the tables of this version. Nothing is changed or made. */
export async function checkDatabase(database: NonNullable<FocusConfig['database']>, cwd: string): Promise<Finding[]> {
  const name = describeDatabase(database)
  if (isMissingFile(database, cwd)) return [skipped('database', `${name} does not exist yet; the first start makes it`)]
  try {
    const migrations = await listMigrations({ database, env: {} })
    const waiting = migrations.filter(({ appliedAt }) => appliedAt === null)
    return [
      ok('database', `${name} answers`),
      waiting.length === 0
        ? ok('migrations', 'the tables are up to date')
        : warning(
            'migrations',
            `${waiting.length} of ${migrations.length} migrations wait: ${waiting.map((one) => one.name).join(', ')}.`,
            'Run `focus migrate`; the next start does so by itself.',
          ),
    ]
  } catch (error) {
    return [
      failed(
        'database',
        `${name} does not answer: ${reasonOf(error)}.`,
        fixOf(
          error,
          'Check that the database runs, that host, port, name, user and password of DATABASE_URL are right, and that this machine may reach it. In CI: the service container and its health check.',
        ),
      ),
    ]
  }
}
